apiVersion: v1
kind: Pod
metadata: { name: {{ .Values.name }} }
spec:
  terminationGracePeriodSeconds: {{ .Values.grace }}
