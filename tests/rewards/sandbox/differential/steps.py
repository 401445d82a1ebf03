"""Steps of tests at random: what is usually done with a value, by its sort.

`V` and `W` stand for variables of the tests.
"""

import re

_ANY = """
    V; V is W; V == V; bool(V); str(V)[:1]; type(V).__name__; type(V) is type(W);
    isinstance(V, Thing); isinstance(V, (list, dict)); hasattr(V, 'held'); callable(V); V is None;
    V == None; V != V; LOG; copy.copy(V); copy.deepcopy(V); V in [W, V]; [W, V].index(V); KEPT;
    V.__class__.__name__; COUNT; isinstance(V, Base); len({V, V}); same(V); {V: 1}[V];
    hash(V) == hash(V); last() is V; is_same(V, W)
"""
_SEQUENCE = """
    len(V); list(V); V[0]; V[-1]; V[:2]; sorted(V, key=str); 1 in V; [y for y in V];
    list(reversed(V)); sum(V, []); max(V, key=str); [*V]; tuple(V); V + V; V[0] is V[-1];
    list(map(str, V))[:1]; V < V; V == W; [y is W for y in V]; V[0][0]; dict(enumerate(V));
    W in V
"""
_EXPRESSIONS = {
    "list": """
        V.copy(); V.count(1); V * 2
    """,
    "dict": """
        len(V); list(V); V['a']; V.get('k'); V.keys(); list(V.items()); V == W; 'a' in V; dict(V);
        V.get('a') is V.get('b'); V[3]
    """,
    "set": """
        len(V); 1 in V; V | {3}; sorted(V, key=str); V == W
    """,
    "thing": """
        V.held; V.take(); V.size; V.total; V.noted; V.walk(); list(V.walk()); V.fail(); -V;
        abs(V); V(); V(4); V.low(); len(V.held); V.make(1, [2]); V.copy(); sum([V, V]);
        V.take() is V.held; V + 1; 1 + V; V.copy() == V; V.put(W); V.__doc__; Thing.total;
        format(V)[:1]; repr(V)[:1]; f'{V}'[:1]; next(V); iter(V) is V; dir(V)[-1]
    """,
    "iterator": """
        next(V); list(V); next(V, 0); iter(V) is V; sum(V, []); V.send(None); 1 in V
    """,
    "function": """
        V(); V(1); V([2]); V(W); V.__name__; V.__doc__; each(V, [[1], [2]]); call(V, W);
        catch(V, W)
    """,
    "enum": """
        V.name; V.value; V.low(); V is Color.RED; list(Color); Color(1) is V; V == Size.BIG;
        V + 1; Color['RED'] is V
    """,
    "point": """
        V.x; V.y; V == point(V.x, V.y); V == V; [V][0] is V; V < V; Point(V.x, V.y) == V;
        V._asdict(); V[1]
    """,
    "error": """
        V.args; V.detail; str(V); isinstance(V, ValueError); isinstance(V, OwnError); repr(V)
    """,
    "word": """
        V.twice(); V + 'z'; V == 'a'; V.upper(); len(V); {V: 1}['a']
    """,
    "other": """
        V + V; V == W; -V; len(V); V[0]; list(V)
    """,
}
_STATEMENTS = {
    "any": """
        V = W; KEPT.append(V); LOG.clear(); V = None; Thing.total = V; change(V)
    """,
    "list": """
        V.append(5); V[0] = 6; V.clear(); del V[0]; V += [1]; V += W; V.extend([1, 2]);
        V[0].append(4); V.sort(key=str); V.insert(0, W); V.pop(); V[1:1] = [0]; V.reverse();
        for y in V: LOG.append(y); V *= 2; V.append(V); for i, y in zip(range(2), V): change(y);
        V.append(W); V[-1] = W
    """,
    "dict": """
        V['z'] = [7]; V['a'].append(4); V.update(q=1); V.clear(); V.pop('a'); V |= W; V['a'] = W;
        del V['b']; V['q'] = V
    """,
    "set": """
        V.add(8); V.clear(); V |= {4}; V.discard(1)
    """,
    "thing": """
        V.held.append(9); V.held = [1, 2]; V.put(3); V.noted = W; V.note(); V += [1]; V[0] = 6;
        del V[0]; del V.noted; V.total.append(1); V += W; with V as W: W.append(1);
        with V: raise KeyError('k'); V.held = W; V.extra.append(2); for y in V: LOG.append(y);
        V.held.append(V); V.append(3); V['z'] = 1
    """,
    "iterator": """
        for y in V: LOG.append(y); for y, i in zip(V, range(2)): LOG.append(y); V.close()
    """,
    "function": """
        V(W); V([1]); V()
    """,
    "point": """
        V.x = 5; V.y.append(6); V.y = W
    """,
    "error": """
        raise V; V.detail.append(1); V.args = (1,)
    """,
}


def sort_of(value):
    """Say what is usually done with a value."""
    names = {kind.__name__ for kind in type(value).__mro__}
    for sort, found in _SORTS.items():
        if names & found:
            return sort
    return "iterator" if hasattr(value, "__next__") else "function" if callable(value) else "other"


_SORTS = {
    "thing": {"Thing"},
    "word": {"Word"},
    "enum": {"Enum"},
    "point": {"Point", "Spot"},
    "error": {"BaseException"},
    "list": {"list", "tuple", "deque", "str", "range", "array"},
    "dict": {"dict"},
    "set": {"set", "frozenset"},
}


def _forms(text):
    return [form.strip() for form in text.split(";")] if text.strip() else []


def expressions(sort):
    """Return forms of expressions; the ones of the sort come up more often than those of any."""
    own = _forms(_EXPRESSIONS[sort])
    if sort in {"list", "thing"}:
        own += _forms(_SEQUENCE)
    return own * 2 + _forms(_ANY)


def statements(sort):
    """Return forms of statements likewise."""
    return _forms(_STATEMENTS.get(sort, "")) * 3 + _forms(_STATEMENTS["any"])


def filled(form, v, w):
    """Write a form with the names of two variables."""
    return re.sub(r"\bW\b", w, re.sub(r"\bV\b", v, form))
