"""Settings of the console; everything that differs between installations comes from the environment.

Environment: ODRADEK_DATA (data directory, default .data/ beside manage.py), REDIS_URL (channel layer; without it
one process is enough for itself), ODRADEK_HOSTS (more host names, comma separated), ODRADEK_SECRET (the key of
sessions; by default one is made in the data directory), ODRADEK_PROXIES (addresses or networks of reverse proxies,
comma separated; by default none is believed), ODRADEK_HTTPS=1 (all come by TLS, through one of those proxies),
ODRADEK_CLUSTER_ADDRESSES (where clusters may be when others than this machine reach the console: networks, names,
*.names, "public"), ODRADEK_GUESTS (1 or 0: sandboxes without an account), ODRADEK_GUESTS_A_DAY (how many guests of one
address may begin within a day; 3 by default), ODRADEK_CONNECTIONS and
ODRADEK_CONNECTIONS_PER_ADDRESS (how many the web server keeps, 1000 in all and 300 of one address; proxies may have
any number), ODRADEK_REQUEST_SECONDS (in which a request comes, 20 and one more for each 500 bytes),
ODRADEK_DEBUG=1 (development only).

*Invariants*: the data directory holds everything that is written; secrets are files only the owner may read.
*Not here*: which clusters there are (database), how brokers run (engine.hosting).
"""

import os
from ipaddress import ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from console.kafka.addresses import AddressRule, parse_allowed
from console.project.secret_files import secret

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(os.environ.get("ODRADEK_DATA") or BASE_DIR / ".data")
REDIS_URL = os.environ.get("REDIS_URL", "")

SECRET_KEY = os.environ.get("ODRADEK_SECRET") or secret(DATA_DIR / "secrets" / "django")
CLUSTER_SECRETS_KEY = secret(DATA_DIR / "secrets" / "clusters")
DEBUG = os.environ.get("ODRADEK_DEBUG") == "1"

# Addresses or networks of reverse proxies. From these alone X-Forwarded-For and X-Forwarded-Proto are believed
# (console/middleware.py takes them off every other request).
PROXIES = list(filter(None, os.environ.get("ODRADEK_PROXIES", "").replace(" ", "").split(",")))
for proxy in PROXIES:
    try:
        ip_network(proxy, strict=False)
    except ValueError as error:
        raise ImproperlyConfigured(f"ODRADEK_PROXIES holds addresses and networks only: {error}") from None


def from_one(name: str, default: int) -> int:
    """A whole number of the environment, at least 1."""
    given = os.environ.get(name) or str(default)
    if not given.isdecimal() or int(given) < 1:
        raise ImproperlyConfigured(f"{name} is a whole number, at least 1, and not {given}")
    return int(given)


CONNECTIONS_MAX = from_one("ODRADEK_CONNECTIONS", 1000)
CONNECTIONS_PER_ADDRESS_MAX = from_one("ODRADEK_CONNECTIONS_PER_ADDRESS", 300)
REQUEST_S = from_one("ODRADEK_REQUEST_SECONDS", 20)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
HOSTS_GIVEN = [host for host in os.environ.get("ODRADEK_HOSTS", "").split(",") if host]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *HOSTS_GIVEN]
# Sandboxes without an account; when it is not said, only people at this very machine (services/visitors.py).
GUESTS = {"1": True, "0": False}.get(os.environ.get("ODRADEK_GUESTS", ""))
GUESTS_A_DAY = from_one("ODRADEK_GUESTS_A_DAY", 3)  # of one address: behind one, a class may sit
CLUSTER_WAKER = "sandbox.control.wake"  # what is asked before a cluster behind a Unix socket is connected to
SOCKET_ROUTES = ["sandbox.feed.routing"]  # by name: sandboxes know the console, it does not know them

HTTPS = os.environ.get("ODRADEK_HTTPS") == "1"
try:
    CLUSTER_ADDRESSES = AddressRule(
        on_loopback=not os.environ.get("ODRADEK_HOSTS"),
        allowed=parse_allowed(os.environ.get("ODRADEK_CLUSTER_ADDRESSES", "")),
    )
except ValueError as error:
    raise ImproperlyConfigured(f"ODRADEK_CLUSTER_ADDRESSES: {error}") from None

INSTALLED_APPS = [
    "console.apps.ConsoleConfig",
    "sandbox.apps.SandboxConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
]

MIDDLEWARE = [
    "console.middleware.ClientAddress",
    "django.middleware.security.SecurityMiddleware",
    "console.middleware.ContentSecurityPolicy",
    "console.middleware.WholeBody",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "console.middleware.SessionUse",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "console.middleware.SignInForFragments",
    # Every view needs a login unless it says otherwise (login_not_required).
    "console.middleware.SignInOrGuest",
    "console.middleware.LivePages",
    "console.middleware.ClusterErrors",
]

ROOT_URLCONF = "console.project.urls"
ASGI_APPLICATION = "console.project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.views.navigation.navigation",
            ],
            "builtins": [
                "template_partials.templatetags.partials",
                "console.templatetags.console_tags",
                "console.templatetags.access_tags",
                "console.templatetags.component_tags",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])],
                )
            ],
        },
    }
]

if os.environ.get("DATABASE_URL"):
    raise ImproperlyConfigured("DATABASE_URL is set, but this version keeps its data in SQLite only: unset it")

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "db.sqlite3",
        "OPTIONS": {
            # Writers queue at BEGIN instead of failing half-way; readers never wait for them.
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS = {
    "default": (
        {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

AUTH_USER_MODEL = "console.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "console:login"
LOGIN_REDIRECT_URL = "console:home"
LOGOUT_REDIRECT_URL = "console:login"

SESSION_ENGINE = "console.models.session"
SESSION_COOKIE_NAME = "odradek_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "console.views.errors.form_refused"
CSRF_COOKIE_NAME = "odradek_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

# With ODRADEK_HTTPS=1 everybody comes by TLS (through one of PROXIES): cookies and browsers are held to it. Without,
# the console is for this machine alone, where there is no wire to protect (console/checks.py warns as soon as others
# reach it so). Subdomains and browsers' preload lists are for whoever owns the domain to decide.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
NOT_FOR_US = ("W005", "W021") if HTTPS else ("W004", "W008", "W011", "W012", "W016")
SILENCED_SYSTEM_CHECKS = [f"security.{number}" for number in NOT_FOR_US]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

DATA_UPLOAD_MAX_MEMORY_SIZE = 8 << 20  # of a form: a record of a few megabytes can be typed in, in hex or base64
GUEST_UPLOAD_MAX_MEMORY_SIZE = 240 << 10  # of who is not signed in: a guest's record of 64 KiB, in hex

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True  # so that a process that was started alone needs no collected files

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"for_operators": {"()": "console.project.log_filter.ForOperators"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "filters": ["for_operators"]}},
    "loggers": {"django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
