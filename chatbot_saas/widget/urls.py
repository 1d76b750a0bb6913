"""Routes of what other sites embed."""

from django.urls import path

from chatbot_saas.widget import avatars, hosted, views

urlpatterns = [
    path("widget/<str:name>", views.script, name="widget_script"),
    path("widget/avatars/<str:key>/<str:name>", avatars.avatar, name="widget_avatar"),
    path("c/<uuid:chatbot_id>", hosted.hosted_page, name="hosted_page"),
]
