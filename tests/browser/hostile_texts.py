"""Texts that would run, break a layout or mislead somewhere, if they were ever more than text.

Where each of them is shown: names of tokens, notes of invites, what browsers call themselves, and who, what, from where
and why in the audit log (test_people.py). Names of people cannot hold them (letters, digits and @ . + - _), the log's
names can.
"""

HOSTILE_TEXTS = [
    "<script>__x=1</script>",
    '"><img src=x onerror=__x=1>',
    "<svg onload=__x=1>",
    "<svg><script>__x=1</script>",
    "<details open ontoggle=__x=1>",
    '<iframe srcdoc="<script>parent.__x=1</script>">',
    "javascript:__x=1",
    "data:text/html,<script>1</script>",
    "</script><script>__x=1</script>",
    "</textarea><img src=x onerror=__x=1>",
    "</title><svg onload=__x=1>",
    "{{7*7}}",
    "{% debug %}",
    "${7*7}",
    "';__x=1//",
    "\\u003cscript\\u003e__x=1",
    '<a href="jAvAsCrIpT:__x=1">x</a>',
    "[x](javascript:__x=1)",
    '<math><mi xlink:href="javascript:__x=1">x</mi></math>',
    "<style>@import'//e'</style>",
    '=HYPERLINK("//e")',
    "\u202egnp.exe",
    "\ufeff\x00x\r\ny",
    "<" * 1_000_000,
]


def fill() -> None:
    """Put each text into each place (within an installation: Django is set up)."""
    from datetime import timedelta

    from django.utils import timezone

    from console.models import ApiToken, AuditEntry, Cluster, ConsoleSession, Invite, User

    user, cluster, now = User.objects.get(username="admin"), Cluster.objects.get(embedded=True), timezone.now()
    common = {"user": user, "signed_in_at": now, "last_used_at": now, "expire_date": now + timedelta(days=1)}
    for number, text in enumerate(HOSTILE_TEXTS):
        short = text[:2000].replace("\0", " ")
        ApiToken.objects.create(
            owner=user,
            name=f"hostile {short[:90]}",
            digest=str(number),
            start="odradek_0123",
            role=10,
            every_cluster=True,
        )
        Invite.objects.create(
            note=f"hostile {short[:90]}", digest=f"hostile{number}", made_by=user, expires_at=now + timedelta(days=1)
        )
        ConsoleSession.objects.create(session_key=f"hostile{number}", agent=short[:300], address=short[:100], **common)
        AuditEntry.objects.create(
            user_name=short[:150],
            via=short[:200],
            address=short[:100],
            action="topic.hostile",
            target=short[:300],
            reason=short,
            before={short[:200]: short},
            after={short[:200]: [short]},
            result="refused",
            cluster=cluster,
        )


def clear() -> None:
    """Take them away again."""
    from console.models import ApiToken, AuditEntry, ConsoleSession, Invite

    ApiToken.objects.filter(name__startswith="hostile ").delete()
    Invite.objects.filter(digest__startswith="hostile").delete()
    ConsoleSession.objects.filter(session_key__startswith="hostile").delete()
    AuditEntry.objects.filter(action="topic.hostile").delete()
