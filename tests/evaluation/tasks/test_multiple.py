import gzip
import json
import os
from pathlib import Path

import pytest

from whetstone.evaluation.languages import open_judge
from whetstone.evaluation.tasks import build_program, load_task
from whetstone.evaluation.tasks.base import job
from whetstone.rewards.installed import why_missing

CPP = {
    "task_id": "CPP/0",
    "prompt": "/*\nAdd.\n*/\n#include<stdio.h>\nusing namespace std;\nint add(int a, int b){\n",
    "declaration": "int add(int a, int b){\n",
    "canonical_solution": "    if (a) {\n        return a + b;\n    }\n    return b;\n}\n\n",
    "test": "#undef NDEBUG\n#include<assert.h>\nint main(){\n    assert (add(1, 2) == 3);\n}\n",
}
RUST = {
    "task_id": "Rust/0",
    "prompt": "\n/*\n Add.\n*/\n",
    "declaration": "\nuse std::cmp::max;\nuse rand::Rng;\nuse regex::Regex;\nuse md5;\n\n"
    "fn add(a: i32, b: i32) -> i32{\n",
    "canonical_solution": "\n    return a + b;\n}\n",
    "test": "\n#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn t() {\n"
    "        assert!(add(1, 2) == 3);\n    }\n}\n",
}
JAVA = {
    "task_id": "Java/0",
    "prompt": "import java.util.*;\n\nclass Solution {\n    public int add(int a, int b) {\n",
    "declaration": "",
    "canonical_solution": "        if (a > 0) {\n            return a + b;\n        }\n"
    "        return b;\n    }\n}",
    "test": "public class Main {\n    public static void main(String[] args) {\n"
    "        if (new Solution().add(1, 2) != 3) throw new AssertionError();\n    }\n}",
}
FILES = {"cpp": CPP, "rust": RUST, "java": JAVA}
TOOLS = {"multiple-cpp": "g++", "multiple-rs": "rustc", "multiple-java": "javac"}
WRONG = {
    "multiple-cpp": "\n    return 0;\n}\n",
    "multiple-rs": "\n    return 0;\n}\n",
    "multiple-java": "\n        return 0;\n    }\n}\n",
}


@pytest.fixture
def own(tmp_path, monkeypatch):
    for name, row in FILES.items():
        content = gzip.compress(json.dumps(row).encode())
        (tmp_path / f"humaneval_{name}.jsonl.gz").write_bytes(content)
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))


@pytest.mark.usefixtures("own")
def test_a_completion_ends_with_its_function_whose_brace_is_put_back():
    task = load_task("multiple-cpp")
    (problem,) = task.problems
    assert problem.prompt.endswith("int add(int a, int b){")
    program = build_program(task, problem, "\n    return 1;\n}\nint main(){}")
    assert program.endswith("int add(int a, int b){\n    return 1;")
    assert problem.tests.startswith("\n}\n#undef")
    assert (task.timeout_s, load_task("multiple-rs").timeout_s) == (15.0, 5.0)


@pytest.mark.usefixtures("own")
def test_rust_prompts_import_what_a_compiler_has():
    (problem,) = load_task("multiple-rs").problems
    assert problem.prompt == ("use std::cmp::max;\n/*\n Add.\n*/\nfn add(a: i32, b: i32) -> i32{")


def outcomes(task, programs):
    with open_judge(task, 2) as judge:
        jobs = [job(task, problem, program) for problem, program in programs]
        return [result.verdict.value for result in judge.run_many(jobs)]


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.nightly) if n == "multiple-java" else n for n in TOOLS],
)
def test_the_solution_passes_and_an_empty_function_does_not(name):
    if reason := why_missing(TOOLS[name]):
        pytest.skip(reason)
    task = load_task(name)
    (problem,) = task.problems
    texts = (problem.reference, WRONG[name])
    programs = [(problem, build_program(task, problem, text)) for text in texts]
    assert outcomes(task, programs) == ["passed", "failed"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "at_least"), [("multiple-cpp", 161), ("multiple-rs", 147), ("multiple-java", 164)]
)
def test_the_published_solutions_pass(name, at_least):
    folder = os.environ.get("WHETSTONE_DATA_DIR")
    if not folder or not list(Path(folder).glob("humaneval_*.jsonl.gz")):
        pytest.skip("WHETSTONE_DATA_DIR names no folder with HumanEval-X")
    task = load_task(name)
    programs = [(p, build_program(task, p, p.reference)) for p in task.problems]
    assert outcomes(task, programs).count("passed") >= at_least
