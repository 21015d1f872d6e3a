"""Accounts as careful sites have them: permissions for single objects, a second factor, a record of
every change, and an end to guessing passwords."""

from config.settings.base import *

INSTALLED_APPS += [
    "allauth",
    "allauth.account",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "guardian",
    "reversion",
    "simple_history",
]
MIDDLEWARE += [
    "django_otp.middleware.OTPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "reversion.middleware.RevisionMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ANONYMOUS_USER_NAME = None
ROOT_URLCONF = "config.guarded_urls"
LOGIN_URL = "account_login"
PREPARE = "config.guarded.prepare"
