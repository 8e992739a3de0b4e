#!/usr/bin/python3
"""The instruction guard: a send and a delivery cost no more than is kept, and a wrong kept number is refused."""
import copy
import unittest

import instructions


class Guard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kept = instructions.read_kept()
        cls.measured = instructions.measure()
        instructions.describe(cls.measured, cls.kept)

    def test_a_send_and_a_delivery_cost_no_more_than_is_kept(self):
        self.assertEqual(instructions.compare(self.measured, self.kept), [],
                         "if this is the price of something wanted: tests/guard/instructions.py --renew")

    def test_a_kept_number_that_is_too_low_is_refused(self):
        for name, new in self.measured.items():
            wrong = copy.deepcopy(self.kept)
            wrong["instructions"] = dict(self.measured)
            self.assertEqual(instructions.compare(self.measured, wrong), [])
            wrong["instructions"][name] = round(new / 1.06)
            found = instructions.compare(self.measured, wrong)
            self.assertEqual(len(found), 1)
            self.assertIn(name, found[0])
            wrong["instructions"][name] = round(new / 1.04)
            self.assertEqual(instructions.compare(self.measured, wrong), [])
            del wrong["instructions"][name]
            self.assertEqual(instructions.compare(self.measured, wrong), [f"{name}: not kept"])
            wrong["instructions"] = {**self.measured, "other": 1}
            self.assertEqual(instructions.compare(self.measured, wrong), ["other: not measured"])

    def test_the_numbers_can_be_those_of_a_send_and_a_delivery(self):
        # A counter that sees nothing, or the whole start of the server, must not become the kept number.
        for thread in ("send_reactor", "send_writer"):
            self.assertGreater(self.measured[thread], 10_000)
            self.assertLess(self.measured[thread], 1_000_000)
        self.assertGreater(self.measured["delivery"], 200)
        self.assertLess(self.measured["delivery"], 20_000)


if __name__ == "__main__":
    unittest.main()
