"""What a unit is called wherever a database row is not meant: its layer and its number in it."""

# (module path of the layer, index from 0)
Unit = tuple[str, int]
