"""Addresses of sandboxes; their ids cannot be guessed."""

from django.urls import path

from sandbox.views import lessons, plain, sandboxes

app_name = "sandbox"

ON_LESSON = "<uuid:sandbox_id>/lesson/"

lesson_urls = [
    path("lessons/", lessons.lesson_list, name="lesson-list"),
    path("lessons/hash/", lessons.lesson_hash, name="lesson-hash"),
    path("lessons/<slug:slug>/start/", lessons.lesson_start, name="lesson-start"),
    path(ON_LESSON, lessons.lesson_panel, name="lesson-panel"),
    path(ON_LESSON + "status/", lessons.lesson_status, name="lesson-status"),
    path(ON_LESSON + "answer/", lessons.lesson_answer, name="lesson-answer"),
    path(ON_LESSON + "act/<int:number>/", lessons.lesson_act, name="lesson-act"),
    path(ON_LESSON + "next/", lessons.lesson_next, name="lesson-next"),
    path(ON_LESSON + "restart/", lessons.lesson_restart, name="lesson-restart"),
    path(ON_LESSON + "leave/", lessons.lesson_leave, name="lesson-leave"),
]
urlpatterns = [
    *lesson_urls,
    path("", sandboxes.sandbox_list, name="sandbox-list"),
    path("new/", sandboxes.sandbox_new, name="sandbox-new"),
    path("<uuid:sandbox_id>/", sandboxes.sandbox_detail, name="sandbox-detail"),
    path("<uuid:sandbox_id>/sleep/", sandboxes.sandbox_sleep, name="sandbox-sleep"),
    path("<uuid:sandbox_id>/plain/", plain.sandbox_plain, name="sandbox-plain"),
    path("<uuid:sandbox_id>/end/", sandboxes.sandbox_end, name="sandbox-end"),
    path("<uuid:sandbox_id>/compare/", sandboxes.sandbox_compare, name="sandbox-compare"),
]
