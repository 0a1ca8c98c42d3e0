# Not yet built or tested: `docker build -t c41-studio .` is its first test.
FROM python:3.11-slim

# libgomp1: the OpenMP runtime that ncnn and ONNX Runtime load
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgomp1 \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --constraint requirements.txt torch \
 && pip install --no-cache-dir --constraint requirements.txt --no-deps torchvision \
 && pip install --no-cache-dir --requirement requirements.txt
COPY . .

RUN useradd --create-home --uid 1000 studio \
 && install --directory --owner=studio --group=studio /data
USER studio
VOLUME /data
ENV C41_DATA=/data C41_HOST=0.0.0.0 C41_ENGINE=process PYTHONUNBUFFERED=1
EXPOSE 7860

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]

# Downloads the starter models to the volume, once. The studio starts without those that are not available.
CMD ["sh", "-c", "python -m engines.starter fetch /data/starter; exec python app.py"]
