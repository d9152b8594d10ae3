"""What a worked solution consists of, and how it is printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One line: a quantity, the forms it takes on the way to its value, and the value.

    name      what is computed: `q`, `∂f/∂q`
    text      the whole line, `q = x + y = -2 + 5 = 3`; latex  the same in LaTeX
    value     the array
    because   lines that give the factors used in this one
    """

    name: str
    text: str
    latex: str
    value: Any
    because: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """What `explain` found. Printed, it is plain text; notebooks show `markdown`, with LaTeX."""

    given: tuple[Step, ...]
    forward: tuple[Step, ...]
    backward: tuple[Step, ...]
    gradients: Mapping[str, Any]
    value: Any

    def __str__(self) -> str:
        return self._pages(lambda step: step.text, "{}", "  {}. {}", "     {}")

    @property
    def markdown(self) -> str:
        """The same in Markdown, formulas between dollar signs."""
        return self._pages(lambda step: f"${step.latex}$", "### {}\n", "{}. {}", "   - {}")

    def _repr_markdown_(self) -> str:
        return self.markdown

    def _pages(self, form: Callable[[Step], str], title: str, line: str, reason: str) -> str:
        parts = {"Given": self.given, "Forward": self.forward, "Backward": self.backward}
        pages: list[str] = []
        for heading, steps in parts.items():
            lines = [title.format(heading)] if steps else []
            for place, step in enumerate(steps, start=1):
                lines.append(line.format(place, form(step)))
                lines += [reason.format(form(because)) for because in step.because]
            pages += ["\n".join(lines)] if lines else []
        return "\n\n".join(pages)

    def __getitem__(self, name: str) -> Any:
        """The value of the quantity of this name: `["q"]`, `["∂f/∂q"]`. KeyError if none."""
        steps = [*self.given, *self.forward, *self.backward]
        steps += [because for step in steps for because in step.because]
        found = {step.name: step.value for step in steps}
        if name not in found:
            raise KeyError(f"explain: no quantity {name!r} (there are: {', '.join(found)})")
        return found[name]
