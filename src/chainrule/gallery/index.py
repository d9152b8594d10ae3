"""The page that shows the gallery: a thumbnail and a caption for each figure, no scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from chainrule.gallery.figures import Figure


_STYLE = """
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 82rem; padding: 0 1rem;
       font: 1rem/1.45 system-ui, sans-serif; }
main { margin-top: 1.2rem; display: grid;
       grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); gap: 1.5rem; }
figure { margin: 0; border: 1px solid #8886; border-radius: 6px; overflow: hidden; }
figure > a { display: block; background: #fff; }
img { display: block; width: 100%; height: 15rem; object-fit: contain; }
figcaption { padding: 0.7rem 1rem; border-top: 1px solid #8886; }
h2 { font-size: 1rem; margin: 0; }
p { margin: 0.25rem 0 0; }
small { opacity: 0.75; }
"""


def page(shown: Sequence[tuple[Figure, Sequence[str]]]) -> str:
    """The whole page. Of each figure the files, the first of which is seen, lie beside it."""
    body = "\n".join(_figure(figure, files) for figure, files in shown)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>chainrule: gallery</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        "<h1>Gallery</h1>\n<p>Every picture is computed and drawn by chainrule; "
        "a click shows it in full size.</p>\n"
        f"<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _figure(figure: Figure, files: Sequence[str]) -> str:
    title, caption = escape(figure.title), escape(figure.caption)
    links = ", ".join(f'<a href="{escape(name)}">{escape(name)}</a>' for name in files)
    topics = escape(" ".join(figure.shows))
    return (
        f'<figure id="{escape(figure.id)}">\n'
        f'<a href="{escape(files[-1])}">'
        f'<img src="{escape(files[0])}" alt="{title}" loading="lazy"></a>\n'
        f"<figcaption><h2>{title}</h2><p>{caption}</p>"
        f"<p><small>{topics} · {links}</small></p></figcaption>\n</figure>"
    )
