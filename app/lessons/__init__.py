"""Lessons: short texts beside a figure, from files that a teacher can write.

`written` reads one file, `markdown` sets its text, `opened` makes the session that its address
names and holds the lesson against it, and `shelf` has all of them by language. The texts that come
along stand beside these modules, in a folder for each language.
"""

from app.lessons.shelf import OWN, Shelf, shipped
from app.lessons.written import Faulty

__all__ = ["OWN", "Faulty", "Shelf", "shipped"]
