# docker build -t unet-explorer .                                  TensorFlow for the CPU
# docker build -t unet-explorer --build-arg TENSORFLOW=gpu .       TensorFlow with CUDA; run with --gpus all
FROM python:3.11-slim
ARG TENSORFLOW=cpu

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 TF_CPP_MIN_LOG_LEVEL=3 UNET_EXPLORER_DATA_DIR=/data

WORKDIR /app
COPY requirements.txt .
# The pins stay the ones of requirements.txt; only the flavour of TensorFlow is chosen here.
RUN case "$TENSORFLOW" in \
        cpu) sed -i 's/^tensorflow==/tensorflow-cpu==/' requirements.txt ;; \
        gpu) sed -i 's/^tensorflow==/tensorflow[and-cuda]==/' requirements.txt ;; \
        *) echo "TENSORFLOW is '$TENSORFLOW': choose cpu or gpu" >&2; exit 1 ;; \
    esac \
    && pip install -r requirements.txt

RUN useradd --create-home --uid 1000 explorer && mkdir /data && chown explorer /data
COPY --chown=explorer . .
USER explorer
VOLUME /data
EXPOSE 8501

# Not urllib, which would ask the proxy that Docker may hand to its containers.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "\
import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8501, timeout=4); \
c.request('GET', '/_stcore/health'); sys.exit(c.getresponse().status != 200)"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
