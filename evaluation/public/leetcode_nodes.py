"""Lists and trees in LeetCodeDataset's tests: built by the program's classes, and looked at here.

What a method takes are instances of the program's own class, so the published `list_node` and
`tree_node` run beside the program, which could replace them: by one that always builds nothing, so
that any two results are equal. Each thing that they build is therefore read back by the tests. The
published comparisons run with the tests, as copies.
"""

from whetstone.rewards.sandbox.helpers import with_helpers

_READ_BACK = {
    "list_node": """\
def built_list(values):
    head = node = list_node(values)
    found = []
    while node is not None and len(found) <= len(values):
        found.append(node.val)
        node = node.next
    assert found == values
    return head
""",
    "tree_node": """\
def built_tree(values):
    root = tree_node(values)
    found, ahead = [], [root]
    while ahead and len(found) <= 2 * len(values):
        node = ahead.pop(0)
        found.append(None if node is None else node.val)
        ahead += [] if node is None else [node.left, node.right]
    while found and found[-1] is None:
        found.pop()
    assert found == values[:len(found)] and set(values[len(found):]) <= {None}
    return root
""",
}
_CALLS = {"list_node": "built_list", "tree_node": "built_tree"}


def with_nodes(prefix: str, tests: str) -> tuple[str, tuple[str, ...]]:
    """Return tests that read back what they have built, and the builders that they call.

    Args:
        prefix: the source with the published classes and helpers.
        tests: the published tests.

    """
    used = tuple(name for name in _READ_BACK if f"{name}(" in tests)
    for name in used:
        tests = tests.replace(f"{name}(", f"{_CALLS[name]}(")
    whole = "\n".join([*(_READ_BACK[name] for name in used), tests])
    # The last statement of a prefix is taken for one that the program goes on with.
    return str(with_helpers(f"{prefix}\npass\n", whole)), used
