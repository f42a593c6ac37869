"""Items and lines to places: layered, in lanes; knows no tensor."""
