"""What a discriminator is shown of other prompts' references."""

from whetstone.finetuning.formats.mismatch import with_mismatches


def pairs(prompts):
    return [
        {"prompt": f"p{n % prompts}", "chosen": f"r{n % prompts}", "rejected": f"s{n}"}
        for n in range(40)
    ]


def test_a_reference_stands_against_that_of_another_prompt():
    rows = pairs(10)
    made = with_mismatches(rows, 0.5, seed=0)
    added = [row for row in made if row["rejected"].startswith("r")]
    assert len(added) == 20
    assert all(row["rejected"] != row["chosen"] == f"r{row['prompt'][1:]}" for row in added)
    assert sorted(row["rejected"] for row in made if row not in added) == sorted(
        row["rejected"] for row in rows
    )
    assert made == with_mismatches(rows, 0.5, seed=0) != with_mismatches(rows, 0.5, seed=1)


def test_nothing_is_added_where_nothing_is_wanted_or_there_is_no_other():
    assert with_mismatches(pairs(10), 0.0, seed=0) == pairs(10)
    assert with_mismatches(pairs(1), 0.5, seed=0) == pairs(1)
