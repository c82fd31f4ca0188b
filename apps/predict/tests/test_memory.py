"""Whatever a file holds, the memory for checking and predicting it is far below the pod's limit."""

import subprocess
import sys

import pytest
from running import SOURCE

HEADER = "age,sex,bmi,blood_pressure\\n"
PROGRAM = """
import resource, sys
from prediction_app.batch import BadFileError, check, predict_all, read_csv
from prediction_app.client import ModelServer, Prediction
from prediction_app.model import parse_model
from stub import DIABETES

class Answers(ModelServer):
    def predict(self, columns, rows):
        return Prediction([0.12345678901234567] * len(rows), "3")

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

content = ({content}).encode()
model = parse_model(DIABETES)
before = peak()
try:
    check(model, read_csv(content))
    done = predict_all(Answers("http://nowhere"), model, read_csv(content))
    print(done.rows, "rows", file=sys.stderr)
except BadFileError as problem:
    print(problem, file=sys.stderr)
print(len(content) // 2**20, peak() - before)
"""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(
            "'i,age,sex,bmi,blood_pressure,b,c,d,e,f\\n' + '1,2,3,4.5,5.5,a,b,c,d,e\\n' * 100_000",
            "100000 rows",
            id="an ordinary file",
        ),
        pytest.param("'ab,' * 6_600_000", "longer than 500,000 characters", id="columns"),
        pytest.param(
            f"'{HEADER}' + ('12,' * 160_000 + '1\\n') * 41",
            "160,001 values for 4 columns",
            id="values of a row",
        ),
        pytest.param(
            f"'{HEADER}' + '\"' + '1\\n' * 9_900_000",
            "a quotation mark is never closed",
            id="an open quotation mark",
        ),
        pytest.param(
            f"'{HEADER}' + 'x' * 19_000_000", "longer than 500,000 characters", id="one long cell"
        ),
        pytest.param(
            "'age,sex,bmi,blood_pressure,t\\n' + ('1,2,3,4,' + '😀' * 100_000 + '\\n') * 49",
            "49 rows",
            id="long cells",
        ),
        pytest.param(
            f"'{HEADER}' + '1,2,3,4\\n' * 2_400_000", "more than 500,000 rows", id="short rows"
        ),
    ],
)
def test_a_file_takes_little_memory_in_any_dimension(content: str, told: str) -> None:
    tests = str(SOURCE.with_name("tests"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{content}", content)],
        env={"PYTHONPATH": f"{SOURCE}:{tests}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert told in done.stderr
    size, more = map(int, done.stdout.split())
    assert size <= 20
    assert more < 60
