"""Registers the process types. What pyproject.toml says of the package, this says to older pips, too."""

from setuptools import setup

setup(
    name="signals",
    version="1.0.0",
    packages=["signals"],
    python_requires=">=3.8",
    entry_points={
        "nagelfluh.process_types": [
            "spectrum = signals.spectrum:Spectrum",
            "countdown = signals.countdown:Countdown",
        ],
    },
)
