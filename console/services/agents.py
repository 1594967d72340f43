"""What a browser calls itself, in few words. It may call itself anything, so this is a hint and never a proof."""

import re

BROWSERS = [
    ("Edge", r"Edg(?:e|A|iOS)?/(\d+)"),
    ("Opera", r"OPR/(\d+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"(?:Headless)?(?:Chrome|CriOS)/(\d+)"),
    ("Safari", r"Version/(\d+)[\d.]* (?:Mobile/\w+ )?Safari/"),
]
SYSTEMS = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows NT"),
    ("macOS", "Mac OS X"),
    ("ChromeOS", "CrOS"),
    ("Linux", "Linux"),
]


def words(agent: str) -> str:
    """Browser and system, as in "Firefox 140 on Linux"; what is not one of the known ones stays as it is."""
    if not agent.startswith("Mozilla/5.0 ("):
        return agent
    found = ((name, re.search(pattern, agent, re.ASCII)) for name, pattern in BROWSERS)
    browser = next((f"{name} {match[1][:6]}" for name, match in found if match), None)
    if browser is None:
        return agent
    system = next((name for name, mark in SYSTEMS if mark in agent), None)
    return f"{browser} on {system}" if system else browser
