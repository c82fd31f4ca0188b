"""Small tables, as Markdown: Streamlit's make it import pandas and Arrow, which are 80 MiB."""

from collections.abc import Mapping, Sequence

import streamlit as st


def draw_table(lines: Sequence[Mapping[str, str]]) -> None:
    """Draws lines with the same columns; what is in them is Markdown."""
    header = list(lines[0])
    rows = [header, ["---"] * len(header), *(line.values() for line in lines)]
    st.markdown(
        "\n".join(f"| {' | '.join(' '.join(cell.split()) for cell in row)} |" for row in rows)
    )
