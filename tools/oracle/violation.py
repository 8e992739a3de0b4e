"""What a rule gives when it does not hold."""
import json


class Violation:
    """A rule that does not hold: where (client and line of its log, if any) and what."""

    def __init__(self, rule, text, client=None, line=None):
        self.rule, self.text, self.client, self.line = rule, text, client, line

    def report(self, history, seed=None):
        """The seed, the rule, and the five log lines around the place."""
        out = [f"seed {seed}: rule {self.rule} is violated: {self.text}"]
        if self.client is not None and self.line is not None:
            entries = history.logs[self.client]
            for number in range(max(0, self.line - 2), min(len(entries), self.line + 3)):
                sign = ">" if number == self.line else " "
                out.append(f"  {sign} {self.client}:{number + 1} {json.dumps(entries[number])}")
        return "\n".join(out)
