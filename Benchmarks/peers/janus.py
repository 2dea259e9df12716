import pathlib
PYTHON = pathlib.Path(__file__).resolve().parent / ".build" / "venv" / "bin" / "python"
