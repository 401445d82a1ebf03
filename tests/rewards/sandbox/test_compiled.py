"""Compiled programs in their sandbox: how they end, and what they cannot reach."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from whetstone.rewards.installed import why_missing
from whetstone.rewards.sandbox import Case, Job, StdioTests
from whetstone.rewards.sandbox.compiled import CompiledSandbox, MissingToolError
from whetstone.rewards.sandbox.compiled.step import Jailer, Step

CPP_TESTS = "#undef NDEBUG\n#include <assert.h>\nint main() { assert(add(1, 2) == 3); }"
RUST_TESTS = "#[test] fn sum() { assert_eq!(add(1, 2), 3); }"
JAVA_TESTS = (
    "public class Main { public static void main(String[] a)"
    " { assert new Solution().add(1, 2) == 3; } }"
)


def needs(*tools):
    for tool in tools:
        if reason := why_missing(tool):
            pytest.skip(reason)


def verdicts(language, jobs, **settings):
    with CompiledSandbox(language, workers=2, **settings) as sandbox:
        return [result.verdict.value for result in sandbox.run_many(jobs)]


def cpp(body, *headers):
    included = "".join(f"#include <{header}>\n" for header in headers)
    return Job(f"{included}int add(int a, int b) {{ {body} }}", CPP_TESTS, 2.0)


def test_how_a_cpp_program_ends():
    needs("g++")
    jobs = [
        cpp("return a + b;"),
        cpp("return a - b;"),
        cpp("return a +;"),
        cpp("for (volatile int i = 0;; i++);"),
        cpp("return *(volatile int *)0;"),
        cpp("throw 1;"),
    ]
    expected = ["passed", "failed", "syntax_error", "timeout", "error", "failed"]
    assert verdicts("cpp", jobs) == expected


def test_what_a_cpp_program_cannot_reach(tmp_path):
    needs("g++")
    secret, mark = tmp_path / "secret", tmp_path / "mark"
    secret.write_text("key")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = (
            "sockaddr_in to{}; to.sin_family = AF_INET; to.sin_addr.s_addr = htonl(0x7f000001);"
            f"to.sin_port = htons({port}); int s = socket(AF_INET, SOCK_STREAM, 0);"
            "return connect(s, (sockaddr *)&to, sizeof to) == 0 ? 3 : 0;"
        )
        jobs = [
            cpp(f'return std::ifstream("{secret}").good() ? 3 : 0;', "fstream"),
            cpp(f'return std::ofstream("{mark}").good() ? 3 : 0;', "fstream"),
            cpp(connect, "arpa/inet.h", "sys/socket.h"),
            cpp("return kill(getppid(), 0) == 0 && getppid() != 1 ? 3 : 0;", "csignal", "unistd.h"),
            cpp("return new (std::nothrow) char[8000000000] ? 3 : 0;", "new"),
            Job(f'#include "{secret}"\n', CPP_TESTS),
        ]
        assert verdicts("cpp", jobs) == ["failed"] * 5 + ["syntax_error"]
    assert not mark.exists()


def test_no_process_outlives_its_program():
    needs("g++")
    name = "outlives-its-sandbox"
    body = (
        f'if (fork() == 0) {{ setsid(); execl("/bin/sleep", "{name}", "60", (char *)0); }}'
        "usleep(200000); return a + b;"
    )
    assert verdicts("cpp", [cpp(body, "unistd.h")]) == ["passed"]
    running = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            running.append(path.read_bytes())
        except OSError:  # it ended meanwhile
            continue
    assert not any(command.startswith(name.encode()) for command in running)


def test_steps_that_are_over_at_once_leave_the_server_alone(tmp_path):
    step = Step(("/bin/false",), str(tmp_path), (), 1.0, 0)
    with Jailer() as jailer, ThreadPoolExecutor(4) as pool:
        jailer.probe(str(tmp_path))
        server = jailer._server
        ended = list(pool.map(lambda _: jailer.run(step, 60.0, 1).status, range(40)))
        assert jailer._server is server
    assert ended == [1 << 8] * 40


@pytest.mark.nightly
def test_how_rust_and_java_programs_end():
    needs("rustc", "javac", "java")
    rust = [
        Job(f"fn add(a: i32, b: i32) -> i32 {{ {body} }}", RUST_TESTS, 2.0)
        for body in ("a + b", "a - b", "a +")
    ]
    assert verdicts("rust", rust) == ["passed", "failed", "syntax_error"]
    java = [
        Job(f"class Solution {{ int add(int a, int b) {{ {body} }} }}", JAVA_TESTS, 5.0)
        for body in ("return a + b;", "return a - b;", "return a +;")
    ]
    assert verdicts("java", java) == ["passed", "failed", "syntax_error"]


def test_a_missing_compiler_and_an_unknown_language_are_named(monkeypatch):
    with pytest.raises(ValueError, match="cpp, rust, java"):
        CompiledSandbox("cobol")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingToolError, match=r"g\+\+ is not on the PATH"):
        CompiledSandbox("cpp")


STDIO = StdioTests((Case("1 2\n", "3\n"), Case("5 6\n", "11\n")))
COMMANDS = {
    "cpp": (
        "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }",
        "+ b",
        "- b",
        ("g++",),
    ),
    "rust": (
        (
            "fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap();"
            " let n: Vec<i64> = s.split_whitespace().map(|w| w.parse().unwrap()).collect();"
            ' println!("{}", n[0] + n[1]); }'
        ),
        "+ n",
        "- n",
        ("rustc",),
    ),
    "java": (
        (
            "import java.util.*;\npublic class Main { public static void main(String[] a) {"
            " Scanner s = new Scanner(System.in);"
            " System.out.println(s.nextInt() + s.nextInt()); } }"
        ),
        "+ s",
        "- s",
        ("javac", "java"),
    ),
}


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(name, marks=pytest.mark.nightly) if name == "java" else name
        for name in COMMANDS
    ],
)
def test_a_command_is_built_once_and_run_on_each_input(language):
    program, right, wrong, tools = COMMANDS[language]
    needs(*tools)
    programs = [program, program.replace(right, wrong), program[:-1]]
    with CompiledSandbox(language, workers=2) as sandbox:
        results = sandbox.run_many([Job(one, STDIO) for one in programs])
    assert [r.verdict.value for r in results] == ["passed", "failed", "syntax_error"]
    assert [r.passed_tests for r in results] == [2, 0, 0]


def test_how_a_command_ends():
    needs("g++")
    bodies = [
        "for (;;);",
        'for (;;) puts("3");',
        "return 3;",
        "return *(volatile int *)0;",
    ]
    head = "#include <stdio.h>\nint main() { "
    jobs = [Job(f"{head}{body} }}", STDIO, 0.5) for body in bodies]
    expected = ["timeout", "failed", "error", "error"]
    assert verdicts("cpp", jobs) == expected


def test_a_checker_in_python_judges_a_compiled_command():
    needs("g++")
    checker = "def check(input, output, expected):\n    return int(output) == int(expected)\n"
    tests = StdioTests(STDIO.cases, checker)
    jobs = [Job(COMMANDS["cpp"][0], tests), Job("int main() {}", tests)]
    assert verdicts("cpp", jobs) == ["passed", "failed"]
