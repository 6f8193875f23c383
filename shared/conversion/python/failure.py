"""What is wrong with a model, as opposed to what went wrong on the way."""


class CannotConvert(Exception):
    """A model that cannot be converted, or whose conversion is not the same model. Says why to its owner."""
