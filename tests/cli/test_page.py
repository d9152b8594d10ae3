"""The report: one file, nothing outside it, nothing in it that could run."""

import base64
import hashlib
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest

import chainrule as cr
from chainrule.cli.page import Picture, Report, page
from chainrule.cli.scores import CLASSES


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><b>",
    "]]>-->",
    "javascript:alert(1)",
    "\x1b]0;title\x07\u202eabc\x00",
    "a" * 10_000,
]
PNG = b"\x89PNG\r\n not really"
VOID = {"meta", "img"}


def report(name="iris", features=("a", "b"), outputs=("x", "y"), columns=(), dead=None):
    return Report(
        data=name,
        told="120 rows to learn from, 30 held out",
        held_out=True,
        metrics=CLASSES,
        scores={
            "network": {"accuracy": 0.9667, "log_loss": 0.1},
            "majority class": {"accuracy": 0.3333, "log_loss": 1.1},
        },
        ended="100 epochs in 0.4 s",
        network=cr.nn.mlp([2, 3, 2], rng=0),
        input=cr.ArrayType((cr.BATCH, 2), "float32"),
        inputs=features,
        outputs=outputs,
        columns=(("name", "kind"), columns),
        dead=dead or {},
        configuration={"--hidden": "3"},
        command="chainrule train iris",
        versions={"chainrule": "0.1.0"},
    )


class Reader(HTMLParser):
    """Checks that what is opened is closed, and keeps tags, attributes and text."""

    def __init__(self, whole):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], set(), [], []
        self.feed(whole)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_headline_is_the_networks_first_metric_and_baselines_stand_below():
    text = " ".join(Reader(page(report(), [], [])).text)
    assert "96.7%  accuracy on samples held out" in text
    assert text.index("network") < text.index("majority class") < text.index("33.3%")


def test_policy_allows_pictures_in_the_page_and_its_own_style_alone():
    whole = page(report(), [], [])
    style = re.search("<style>(.*)</style>", whole, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [v for _, name, v in Reader(whole).attributes if v.startswith("default-src")]
    assert policy.split("; ") == [
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_page_refers_to_nothing_outside_itself():
    found = Reader(page(report(), [Picture("a.png", "A", PNG)], ["model.safetensors"]))
    sources = [value for _, name, value in found.attributes if name in ("src", "href", "srcset")]
    assert len(sources) == 3 and all(source.startswith("data:image/") for source in sources)
    assert not {"script", "link", "iframe", "object", "form"} & found.tags
    assert not [name for _, name, _ in found.attributes if name.startswith("on") or name == "style"]
    assert "@import" not in "".join(found.text) and "url(" not in "".join(found.text)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_shown_and_never_mean_anything(text):
    whole = page(
        report(text, (text, "b"), (text, "y"), [(text, "number")], {text: [0]}),
        [Picture("a.png", text, PNG)],
        [text],
    )
    found, harmless = (
        Reader(whole),
        Reader(
            page(report(dead={"a": [0]}, columns=[("a", "b")]), [Picture("a.png", "A", PNG)], ["a"])
        ),
    )
    assert found.tags == harmless.tags
    assert [x[:2] for x in found.attributes] == [x[:2] for x in harmless.attributes]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", whole)
    if text.isprintable() and len(text) < 300:
        assert found.text.count(text) >= 4


def test_pictures_and_drawings_lie_in_the_page():
    found = Reader(page(report(), [Picture("a.png", "A curve", PNG)], []))
    sources = [value.split(",") for tag, name, value in found.attributes if name == "src"]
    assert [kind for kind, _ in sources] == [
        "data:image/png;base64",
        "data:image/svg+xml;base64",
        "data:image/svg+xml;base64",
    ]
    assert base64.b64decode(sources[0][1]) == PNG
    for _, svg in sources[1:]:
        assert ElementTree.fromstring(base64.b64decode(svg)).tag.endswith("svg")
    captions = [value for _, name, value in found.attributes if name == "alt"]
    assert captions[0] == "A curve" and all(captions)


def test_without_pictures_the_page_says_what_to_install():
    assert "pip install 'chainrule[plot]'" in "".join(Reader(page(report(), [], [])).text)


def test_page_has_layers_graph_columns_configuration_files_and_versions():
    found = page(report(columns=[("sepal", "number")]), [], ["model.safetensors"])
    text = " ".join(Reader(found).text)
    for told in ("Dense[2,3] relu", "matmul x net.layers[0].weight", "sepal", "--hidden",
                 "chainrule train iris", "model.safetensors", "chainrule 0.1.0"):  # fmt: skip
        assert told in text


def test_dead_units_are_told():
    found = " ".join(Reader(page(report(dead={"layers[0]": [1, 2]}), [], [])).text)
    assert "2 in layers[0]" in found


def test_page_has_a_light_and_a_dark_form():
    assert "prefers-color-scheme: dark" in page(report(), [], [])
