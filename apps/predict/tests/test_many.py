import json
from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from prediction_app import many, results
from prediction_app.batch import BadFileError, check, predict_all, read_csv, template, to_rows
from prediction_app.client import LongAnswerError, ModelServer, Prediction, RefusedError
from prediction_app.columns import Column
from prediction_app.csv_file import MAX_COLUMNS, MAX_ROWS
from prediction_app.model import Model, parse_model
from prediction_app.results import NoRoomError, Result
from streamlit.testing.v1 import AppTest
from stub import DIABETES, EVERY_TYPE, StubModelServer, described
from test_page import press, texts

Open = Callable[[str], AppTest]
MODEL = parse_model(DIABETES)
HEADER = "age,sex,bmi,blood_pressure\n"
SEMICOLONS = HEADER.replace(",", ";")
GOOD = "id,age,sex,bmi,blood_pressure\n007,50,1,20.0,80\n008,60,2,30.5,90.25\n"


class Answers(ModelServer):
    """A model server that gives the predictions of a test."""

    def __init__(self, answer: Callable[[list[dict[str, Any]]], list[Any]]) -> None:
        super().__init__("http://nowhere")
        self._answer = answer

    def predict(self, columns: tuple[Column, ...], rows: list[dict[str, Any]]) -> Prediction:
        return Prediction(self._answer(rows), "3")


def upload(page: AppTest, content: str | bytes) -> AppTest:
    raw = content if isinstance(content, bytes) else content.encode()
    page.file_uploader[0].set_value(("patients.csv", raw, "text/csv"))
    page.run()
    assert not page.exception
    return page


def fault(content: str | bytes, model: Model = MODEL) -> str:
    """Why a file cannot be predicted."""
    raw = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(BadFileError) as caught:
        check(model, read_csv(raw))
    return str(caught.value)


def sent(content: str | bytes, model: Model = MODEL) -> list[dict[str, Any]]:
    """The rows that a file stands for."""
    return to_rows(model, read_csv(content if isinstance(content, bytes) else content.encode()))


def lines(done: Result) -> str:
    """A predicted file with the line ends of this machine."""
    return done.content.decode().replace("\r\n", "\n")


def predicted(content: str, values: list[Any]) -> str:
    """The file that comes back when the model answers so."""
    done = predict_all(Answers(lambda _: values), MODEL, read_csv(content.encode()))
    return lines(done)


def test_a_batch_goes_round_trip(server: StubModelServer, open_page: Open) -> None:
    page = upload(open_page(server.url), GOOD)
    assert "The model does not use id; it is kept in the result." in texts(page)
    press(page, "Predict 2 rows")
    assert "2 rows predicted by version 3." in texts(page)
    assert page.dataframe[0].value["prediction"].tolist() == [151.0, 182.75]
    assert server.requests[0]["data"] == [[50, 1, 20.0, 80.0], [60, 2, 30.5, 90.25]]
    assert any(one.label == "Download the predictions" for one in page.download_button)


def test_the_result_is_the_file_with_two_more_columns(server: StubModelServer) -> None:
    result = predict_all(ModelServer(server.url), MODEL, read_csv(GOOD.encode()))
    assert lines(result) == (
        "id,age,sex,bmi,blood_pressure,prediction,model_version\n"
        "007,50,1,20.0,80,151.0,3\n"
        "008,60,2,30.5,90.25,182.75,3\n"
    )


def test_a_large_file_goes_in_several_requests_in_order(server: StubModelServer) -> None:
    rows = "".join(f"{age},1,2,3\n" for age in range(12_000))
    seen: list[int] = []
    table = read_csv((HEADER + rows).encode())
    result = predict_all(ModelServer(server.url), MODEL, table, seen.append)
    answers = [line.split(",")[4] for line in result.content.decode().splitlines()[1:]]
    assert answers == [f"{age + 6}.0" for age in range(12_000)]
    assert len(server.requests) == 3
    assert seen == [5_000, 10_000, 12_000]


def test_long_values_go_in_requests_that_the_model_server_takes(server: StubModelServer) -> None:
    model = parse_model(described([("note", "string", True)]))
    notes = ("😀" * 100_000 + "\n") * 30
    predict_all(ModelServer(server.url), model, read_csv(f"note\n{notes}".encode()))
    assert sum(len(body["data"]) for body in server.requests) == 30
    assert max(len(json.dumps(body)) for body in server.requests) < 10_000_000


def test_a_wrong_column_is_named_on_the_page(server: StubModelServer, open_page: Open) -> None:
    page = upload(open_page(server.url), "age,gender,bmi,blood_pressure\n50,1,20,80\n")
    assert "The file lacks the column sex." in texts(page)
    assert "It has the columns age, gender, bmi, blood_pressure." in texts(page)
    assert not any(button.label.startswith("Predict 1") for button in page.button)
    assert server.requests == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "The file is empty"),
        ("\n\n", "The file is empty"),
        (HEADER, "no rows"),
        ("age;sex\n1;2\n", "lacks the columns bmi, blood_pressure"),
        (f"{SEMICOLONS}50;1;20,5\n", "leave the place of a missing value empty, between two semic"),
        (f"{HEADER}50,1,20,80,\n", "Row 1 (line 2) has 5 values for 4 columns; remove the comma"),
        (f"{HEADER}7,50,1,20,80\n", "Row 1 (line 2) has 5 values for 4 columns"),
        (f"{HEADER}50,1,20\n", "Row 1 (line 2) has 3 values for 4 columns"),
        (f"{HEADER}50,1,20,80\n60\n", "Row 2 (line 3) has 1 value for 4 columns"),
        ("age,age,sex\n50,99,1\n", "has the column age more than once"),
        ("age,sex,,\n50,1,,\n", "several columns without a name"),
        (f"{HEADER}50,1,20,80\n{HEADER}", "Row 2 (line 3) is the header again"),
        (f"# export\n{HEADER}50,1,20,80\n", "The first line is a comment"),
        (f"#age,x\n{HEADER}50,1,20,80\n", "The first line is a comment"),
        (" age ,Sex,bmi,blood_pressure\n5,1,2,8\n", "has ' age ' where the model needs 'age'"),
        (" age ,Sex,bmi,blood_pressure\n5,1,2,8\n", "has 'Sex' where the model needs 'sex'"),
        (f'{HEADER}50,1,"20,80\n', "Line 2: a quotation mark is never closed"),
        (f'{HEADER}50,1,"2"0,80\n', "Line 2: a quotation mark inside a quoted value"),
        (f"{HEADER}50,1,\0,80\n", "Line 2 is not text"),
        (HEADER.encode("utf-16")[:-1], "The file is not text"),
        (b"\xef\xbb\xbfstra\xdfe\n", "The file is not text"),
        (b"\x81" * 100_000, "The file is not text"),
    ],
)
def test_a_file_that_is_not_such_a_table_is_refused_with_the_reason(
    content: str | bytes, reason: str
) -> None:
    assert reason in fault(content)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("50.5,1,20,80", "age, row 2 (line 4): the value '50.5' is not a whole number"),
        ("1e3,1,20,80", "'1e3' is not a whole number written in digits"),
        ("1_000,1,20,80", "'1_000' is not a whole number"),
        ("٣,1,20,80", "'٣' is not a whole number"),
        ("9223372036854775808,1,20,80", "is not between -9223372036854775808 and"),
        (f"{'9' * 5000},1,20,80", "is not a whole number"),
        (",1,20,80", "Column age, row 2 (line 4): the value is missing."),
        ("50,1,,80", "Column bmi, row 2 (line 4): the value is missing."),
        ("50,1,heavy,80", "'heavy' is not a number"),
        ("50,1,2_0,80", "'2_0' is not a number"),
        ('50,1,"1,020",80', "'1,020' may mean 1.020 or 1020; write it with a decimal point"),
        ('50,1,"1,020,300",80', "'1,020,300' is not a number; write it without separators of th"),
        (
            '50,1,"1.020,3",80',
            "'1.020,3' is not a number; write it without separators of thousands",
        ),
        ('"5,0",1,20,80', "'5,0' is not a whole number"),
        ("50,1,NaN,80", "'NaN' is not a finite number"),
        ("50,1,-inf,80", "'-inf' is not a finite number"),
        ("50,1,1e999,80", "'1e999' is too large a number"),
        ("50,1,NA,80", "'NA' is not a number"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_place(row: str, reason: str) -> None:
    assert reason in fault(f"{HEADER}\n50,1,20,80\n{row}\n")


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff{HEADER}50,1,20.0,80\n".encode(),
        f"\n\n{HEADER}\n50,1,20.0,80\n \n\n",
        HEADER.replace("\n", "\r") + "50,1,20.0,80\r",
        HEADER.replace("\n", "\r\n") + "50,1,20.0,80",
        '"age","sex","bmi","blood_pressure"\n"50","1","20.0","80"\n',
        f"{HEADER} 50 ,1.0,2e1,+80\n",
        f"{HEADER}50,1,20.0,80\n,,,\n , ,,\n\n",
        f"{SEMICOLONS}50;1;20,0;80\n;;;\n".encode(),
        f"{SEMICOLONS}50;1;20.0;80\n",
        HEADER.replace(",", "|") + "50|1|20.0|80\n",
        (HEADER + "50,1,20.0,80\n,,,\n").replace(",", "\t").encode("utf-16"),
        (HEADER + "50,1,20.0,80\n").replace(",", "\t"),
        f'{HEADER}50,1,"20,0",80\n',
    ],
)
def test_a_file_as_programs_write_it_is_read(content: str | bytes) -> None:
    assert sent(content) == [{"age": 50, "sex": 1, "bmi": 20.0, "blood_pressure": 80.0}]


def test_a_file_that_excel_saved_in_europe_comes_back_as_it_opens_there(
    server: StubModelServer, open_page: Open
) -> None:
    file = f"Straße;{SEMICOLONS}Zürich;50;1;-1,234;80\r\n;;;;\r\n"
    page = upload(open_page(server.url), file.encode("cp1252"))
    assert (
        "The file is read as text in Windows-1252, separated by semicolons, with decimal commas."
        in texts(page)
    )
    press(page, "Predict 1 row")
    assert server.requests[0]["data"] == [[50, 1, -1.234, 80.0]]
    done = predict_all(ModelServer(server.url), MODEL, read_csv(file.encode("cp1252")))
    header, row = done.content.decode("utf-8-sig").splitlines()
    assert done.content.startswith(b"\xef\xbb\xbf")
    assert header == "Straße;age;sex;bmi;blood_pressure;prediction;model_version"
    assert row == "Zürich;50;1;-1,234;80;129,766;3"


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize(
    ("bmi", "read"), [("4,745", 4.745), ("0,125", 0.125), ("1234,5", 1234.5), ("-7", -7.0)]
)
def test_a_comma_in_a_number_is_a_decimal_comma_where_none_separates_cells(
    separator: str, bmi: str, read: float
) -> None:
    file = f"{SEMICOLONS}50;1;{bmi};80\n".replace(";", separator)
    assert sent(file)[0]["bmi"] == read


def test_a_file_with_decimal_points_has_no_other_mark() -> None:
    assert "may mean 1.020 or 1020" in fault(f"{SEMICOLONS}50;1;20.5;80\n50;1;1,020;80\n")


def test_a_row_of_empty_cells_within_a_file_is_not_skipped() -> None:
    assert "age, row 2 (line 3): the value is missing" in fault(f"{HEADER}5,1,2,8\n,,,\n5,1,2,8\n")


def test_cells_mean_what_they_say() -> None:
    model = parse_model(
        described(
            [
                ("account", "long", True),
                ("country", "string", True),
                ("since", "datetime", False),
                ("paid", "boolean", False),
            ]
        )
    )
    header = "account,country,since,paid\n"
    rows = sent(
        f"{header}123456789012345678,NA,2026-01-31 12:00,yes\n-9007199254740993,Null,,\n"
        '0,"two\nlines, ""quoted""",2026-01-31T12:00:00.123456789+02:00,0\n1,,9999-12-31,TRUE\n',
        model,
    )
    assert [list(row.values()) for row in rows] == [
        [123456789012345678, "NA", "2026-01-31T12:00", True],
        [-9007199254740993, "Null", None, None],
        [0, 'two\nlines, "quoted"', "2026-01-31T12:00:00.123456789+02:00", False],
        [1, "", "9999-12-31", True],
    ]
    for text in ("01/02/2026", "20260131", "now", "2026-02-30", "2026-W05-1", "12:00", "1e9"):
        assert "is not a date such as" in fault(f"{header}1,a,{text},\n", model)
    assert "'maybe' is not true or false" in fault(f"{header}1,a,,maybe\n", model)


def test_columns_that_are_called_by_numbers() -> None:
    model = parse_model(described([(0, "double", True), (1, "double", True)]))
    assert sent("0,1\n1.5,2\n", model) == [{"0": 1.5, "1": 2.0}]


def test_a_quoted_line_end_does_not_shift_the_places_of_faults() -> None:
    model = parse_model(described([("note", "string", True), ("age", "long", True)]))
    assert "row 2 (line 4)" in fault('note,age\n"a\nb",1\nc,x\n', model)


def test_many_faults_are_counted_not_listed() -> None:
    with pytest.raises(BadFileError) as caught:
        check(MODEL, read_csv((HEADER + "50,1,heavy,80\n" * 12_000).encode()))
    assert len(caught.value.faults) == 6
    assert caught.value.faults[-1] == "11,995 more values are wrong."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (HEADER + "1,1,1,1\n" * (MAX_ROWS + 1), "more than 500,000 rows; split the file"),
        (",".join(f"c{place}" for place in range(MAX_COLUMNS + 1)), "more than 5,000"),
        ("a," * 1_000_000, "longer than 500,000 characters"),
        (HEADER + "1," * 1_000_000, "longer than 500,000 characters"),
        (HEADER + '"' + "1\n" * 1_000_000, "or a quotation mark is never closed"),
        (HEADER + '"' + '\n","' * 1_000_000, "longer than 500,000 characters"),
        (HEADER + "1" * 200_000, "a cell is longer than 131,072 characters"),
    ],
)
def test_a_file_beyond_a_limit_is_refused_with_the_limit(content: str, reason: str) -> None:
    assert reason in fault(content)


@pytest.mark.parametrize("description", [DIABETES, EVERY_TYPE])
def test_the_example_file_can_be_predicted_as_it_is(description: dict) -> None:
    model = parse_model(description)
    rows = to_rows(model, read_csv(template(model).encode()))
    assert len(rows) == len(model.examples)
    assert rows[0] == model.examples[0]


RISKY = ["=1+1", "+41 79 123", "-x", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''-x", "-5", "'quoted'"]


def test_no_cell_of_a_download_is_a_formula_and_the_example_file_still_is_the_example() -> None:
    rows = [[text, -5.5] for text in RISKY]
    example = {"columns": ["=name", "-b"], "data": rows}
    model = parse_model(described([("=name", "string", True), ("-b", "double", True)], example))
    written = template(model)
    assert written.startswith("'=name,'-b\r\n'=1+1,-5.5\r\n")
    assert sent(written, model) == list(model.examples)

    result = predict_all(
        Answers(lambda rows: ["=cmd()", *["x"] * (len(rows) - 1)]),
        model,
        read_csv(written.encode()),
    )
    text = lines(result)
    assert text.startswith("'=name,'-b,prediction,model_version\n'=1+1,-5.5,'=cmd(),3\n")
    assert sent(text, model) == list(model.examples)
    assert result.preview[0] == {
        "prediction": "'=cmd()",
        "'=name": "'=1+1",
        "'-b": "-5.5",
    }


def test_the_files_own_columns_are_kept_and_ours_get_another_name(
    server: StubModelServer, open_page: Open
) -> None:
    file = "age,sex,bmi,blood_pressure,prediction,prediction_2\n50,1,20,80,last year,x\n"
    assert predicted(file, [1.5]) == (
        "age,sex,bmi,blood_pressure,prediction,prediction_2,prediction_3,model_version\n"
        "50,1,20,80,last year,x,1.5,3\n"
    )
    page = press(upload(open_page(server.url), file), "Predict 1 row")
    assert "already has the column prediction; the predictions are in the column" in texts(page)
    assert "in the column prediction_3." in texts(page)
    assert list(page.dataframe[0].value)[:2] == ["prediction_3", "age"]


@pytest.mark.parametrize(
    ("value", "header", "cells"),
    [
        ({"label": "a", "score": 0.5}, "label,score", "a,0.5"),
        ({"age": 1}, "age_2", "1"),
        ({"model_version": 1}, "model_version", "1"),
        ({"a": {"b": None}}, "a", '"{""b"": null}"'),
        ({}, "prediction", "{}"),
        ([1, "é"], "prediction", '"[1, ""é""]"'),
        (None, "prediction", ""),
        (True, "prediction", "true"),
        (2**60, "prediction", f"{2**60}"),
        (-5, "prediction", "-5"),
        ("-5", "prediction", "-5"),
        ("yes, it is", "prediction", '"yes, it is"'),
    ],
)
def test_every_kind_of_prediction_has_its_cells(value: object, header: str, cells: str) -> None:
    name, line = predicted(f"{HEADER}50,1,20,80\n", [value]).splitlines()
    version = "model_version_2" if header == "model_version" else "model_version"
    assert name == f"{HEADER.strip()},{header},{version}"
    assert line == f"50,1,20,80,{cells},3"


def test_objects_of_different_outputs_become_json() -> None:
    text = predicted(f"{HEADER}50,1,20,80\n50,1,20,80\n", [{"a": 1}, {"b": 2}])
    assert '50,1,20,80,"{""b"": 2}",3\n' in text


def test_outputs_that_change_within_a_file_are_reported() -> None:
    seen: list[int] = []

    def changing(rows: list[dict[str, Any]]) -> list[Any]:
        seen.append(len(rows))
        return [{"a": 1} if len(seen) == 1 else 1.5] * len(rows)

    table = read_csv((HEADER + "50,1,20,80\n" * 6_000).encode())
    with pytest.raises(RefusedError, match=r"From row 5001 \(line 5002\) on, .* predict .* again"):
        predict_all(Answers(changing), MODEL, table)


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        ("Column 'age', row 1000: out of range", "Column 'age', row 6000 (line 6002): out of"),
        ("Column 'age', row 1001: unknown", "Rows 5001 to 6000: Column 'age', row 1001: unknown"),
        ("The model rejects the input: row 7", "Rows 5001 to 6000: The model rejects the input"),
    ],
)
def test_a_refusal_names_the_row_of_the_file(refusal: str, told: str) -> None:
    def answer(rows: list[dict[str, Any]]) -> list[Any]:
        if len(rows) < 5_000:
            raise RefusedError(refusal)
        return [0.5] * len(rows)

    table = read_csv((HEADER + "\n" + "50,1,20,80\n" * 6_000).encode())
    with pytest.raises(RefusedError) as caught:
        predict_all(Answers(answer), MODEL, table)
    assert told in str(caught.value)


def test_a_model_with_long_answers_is_asked_for_fewer_rows_at_once(
    server: StubModelServer,
) -> None:
    server.answer = "x" * 20_000
    table = read_csv((HEADER + "50,1,20,80\n" * 1_000).encode())
    done = predict_all(ModelServer(server.url), MODEL, table)
    assert done.rows == 1_000
    assert lines(done).count("x" * 20_000) == 1_000
    server.answer = "x" * 9_000_000
    with pytest.raises(LongAnswerError, match="longer than 8 MB"):
        predict_all(ModelServer(server.url), MODEL, read_csv(f"{HEADER}50,1,20,80\n".encode()))


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_OF_ONE", 2**20)
    monkeypatch.setattr(results, "MOST_OF_ALL", 2**20)


@pytest.mark.usefixtures("little_room")
def test_a_result_that_does_not_fit_the_memory_is_refused() -> None:
    table = read_csv((HEADER + "50,1,20,80\n" * 50).encode())
    with pytest.raises(NoRoomError, match="larger than 1 MB; split the file"):
        predict_all(Answers(lambda rows: ["x" * 30_000] * len(rows)), MODEL, table)

    large = [predict_all(Answers(lambda rows: ["x" * 12_000] * len(rows)), MODEL, table)]
    with pytest.raises(NoRoomError, match="other visitors"):
        predict_all(Answers(lambda rows: ["x" * 12_000] * len(rows)), MODEL, table)
    large.clear()
    predict_all(Answers(lambda rows: ["x" * 12_000] * len(rows)), MODEL, table)


def test_a_page_without_room_for_uploads_says_so(
    server: StubModelServer, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "full", lambda: True)
    assert "The files of other visitors fill the memory" in texts(open_page(server.url))


class NoTurn:
    """Other files are being worked on for as long as a visitor waits."""

    def __init__(self) -> None:
        self._asked = 0

    def acquire(self, timeout: float) -> bool:
        self._asked += 1
        if self._asked > 1:
            st.stop()  # the visitor leaves
        return False


def test_a_file_that_has_to_wait_says_so(
    server: StubModelServer, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "_TURNS", NoTurn())
    page = upload(open_page(server.url), GOOD)
    assert "Other files are being predicted; yours is next" in texts(page)


def test_files_that_fail_keep_no_other_file_waiting(
    server: StubModelServer, open_page: Open
) -> None:
    page = open_page(server.url)
    for _ in range(4):
        upload(page, "age\n1\n")
    server.refusal = "Column 'age', row 2: too old"
    upload(page, GOOD)
    for _ in range(4):
        press(page, "Predict 2 rows")
    assert "Column 'age', row 2 (line 3): too old" in texts(page)
    server.refusal = None
    press(page, "Predict 2 rows")
    assert "2 rows predicted by version 3." in texts(page)
