DROP TABLE rotation_items;
DROP TABLE rotations;
