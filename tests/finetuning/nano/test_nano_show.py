from whetstone.finetuning.nano import problems, show


def test_a_problem_is_shown_with_all_that_belongs_to_it():
    text = show("rl", 2)
    for problem in problems("rl", 2):
        shown = [problem.id, *problem.prompt.splitlines(), *problem.reference.splitlines()]
        shown += problem.tests.splitlines()
        shown += [line for program in problem.misconceptions for line in program.splitlines()[1:]]
        assert all(line.strip() in text for line in shown)


def test_each_misconception_is_shown_with_how_it_fails():
    text = show("dev", 5)
    assert text.count("wrong like this") == sum(len(p.mutants) for p in problems("dev", 5))
    assert "fails 0 of" not in text
