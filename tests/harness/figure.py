"""figure: the line that a bench prints for each thing it measured."""
import operator

RELATIONS = {">=": operator.ge, "<=": operator.le}


def figure(name, value, unit, goal=None):
    """Prints `name value unit goal met|short`. `goal` is e.g. ">=20" or "<=15"; None: a figure without a goal.

    True if the goal is met, or there is none.
    """
    met = goal is None or RELATIONS[goal[:2]](value, float(goal[2:]))
    verdict = "-" if goal is None else "met" if met else "short"
    print(f"{name:<44} {value:>12.6g} {unit:<12} {goal or '-':>8} {verdict}", flush=True)
    return met
