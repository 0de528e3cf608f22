"""What pins.py makes of values before they are compared: strict about what it replaces."""

import unittest

from pins import COUNT, FLAG, NUMBER, SHA256, SHARE, Misfit, json_text, known, normalised, rounded


class Normalised(unittest.TestCase):
    def test_placeholders_stand_where_they_are_asked_for(self):
        found = {"a": [{"p": 0.123456789012}, {"p": 1.0}], "b": {"p": 0.5}, "key.with.dots": 3}
        self.assertEqual(normalised(found, {"a.*.p": NUMBER}),
                         {"a": [{"p": "<number>"}, {"p": "<number>"}], "b": {"p": 0.5},
                          "key.with.dots": 3})
        self.assertEqual(normalised({"a": 1 / 3, "b": "x"}, {"a": rounded, "b": known("<b>", "x")}),
                         {"a": 0.333333333, "b": "<b>"})

    def test_only_what_fits_is_replaced(self):
        for kind, value in ((NUMBER, 1), (NUMBER, "1.0"), (NUMBER, None), (NUMBER, float("nan")),
                            (SHARE, 1.5), (COUNT, 1.0), (COUNT, True), (COUNT, -1), (FLAG, 0),
                            (SHA256, "ab"), (SHA256, "G" * 64), (known("<x>", "x"), "y"),
                            (rounded, 1)):
            with self.subTest(value=value), self.assertRaises(Misfit):
                normalised({"a": value}, {"a": kind})

    def test_a_place_that_is_not_there_is_refused(self):
        for place in ("b", "a.b", "a.*", "*.a"):
            with self.subTest(place), self.assertRaises(Misfit):
                normalised({"a": 1.0}, {place: NUMBER})

    def test_a_float_that_was_rounded_needs_a_placeholder(self):
        self.assertEqual(normalised([0.25, 1e-05, 10.0, 123456.0], {}), [0.25, 1e-05, 10.0, 123456.0])
        for value in (1 / 3, 0.1 + 0.2, float("nan"), float("inf")):
            with self.subTest(value), self.assertRaises(Misfit):
                normalised([value], {})

    def test_the_order_of_keys_shows(self):
        self.assertNotEqual(json_text({"a": 1, "b": 2}), json_text({"b": 2, "a": 1}))
        self.assertNotEqual(json_text({"a": 1}), json_text({"a": 1.0}))


if __name__ == "__main__":
    unittest.main()
