"""The page where people predict with the model that the model server has loaded."""
