"""What a figure consists of: nodes, lines, labels, boxes, formulas."""
