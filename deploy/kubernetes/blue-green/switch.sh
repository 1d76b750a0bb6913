#!/bin/sh
# Leads visitors to the other slot when it is ready: switch.sh green, and back with switch.sh blue.
# The slot that they leave keeps running, for the way back, until it is scaled to 0.
set -eu

slot=${1:-}
namespace=${NAMESPACE:-chatbot}
case $slot in
blue | green) ;;
*)
    echo "usage: [NAMESPACE=chatbot] switch.sh blue|green" >&2
    exit 2
    ;;
esac

wanted=$(kubectl -n "$namespace" get deployment "web-$slot" -o 'jsonpath={.spec.replicas}')
if [ "${wanted:-0}" -eq 0 ]; then
    echo "web-$slot has no pods: kubectl -n $namespace scale deployment/web-$slot --replicas=2" >&2
    exit 1
fi
kubectl -n "$namespace" rollout status "deployment/web-$slot" --timeout=5m
kubectl -n "$namespace" patch service web \
    --patch "{\"spec\":{\"selector\":{\"slot\":\"$slot\"}}}"
echo "New connections go to web-$slot. Open sockets stay where they are until their slot ends."
