import pytest
from prediction_app.text import plain, words


@pytest.mark.parametrize(
    "text", ["blood_pressure", "sepal length (cm)", "12:30", "a-b.c", "Why: it"]
)
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<b>x</b>", r"\<b\>x\</b\>"),
        ("_x_", r"\_x\_"),
        (":red[a]", r"\:red\[a\]"),
        ("$x$ *y*", r"\$x\$ \*y\*"),
        ("# x", r"\# x"),
        ("https://example.org", r"https\://example.org"),
        ("a\\", "a\\\\"),
    ],
)
def test_what_markdown_would_act_on_is_escaped(text: str, escaped: str) -> None:
    assert plain(text) == escaped


def test_a_name_becomes_words() -> None:
    assert words("diabetes-progression") == "Diabetes progression"
    assert words("y_pred") == "Y pred"
