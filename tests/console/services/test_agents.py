import pytest

from console.services.agents import words

LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (LINUX + "HeadlessChrome/156.0.0.0 Safari/537.36", "Chrome 156 on Linux"),
        (LINUX + "Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0", "Edge 156 on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140 on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            " Version/18.1 Mobile/15E148 Safari/604.1",
            "Safari 18 on iPhone",
        ),
        ("curl/8.14.1", "curl/8.14.1"),
        ("<script>window.__x=1</script>", "<script>window.__x=1</script>"),
        ("", ""),
    ],
)
def test_browsers_are_told_in_few_words(agent, said):
    assert words(agent) == said
