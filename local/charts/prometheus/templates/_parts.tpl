{{/* The values of a part, with its names. `part` is `server`, or the name of one of the official chart's own charts. */}}
{{- define "part.name" -}}
{{- eq .part "server" | ternary "prometheus" .part -}}
{{- end -}}

{{- define "part.fullname" -}}
{{- $values := index .root.Values .part -}}
{{- $release := .root.Release.Name -}}
{{- $name := include "part.name" . -}}
{{- $plain := contains $name $release | ternary $release (printf "%s-%s" $release $name) -}}
{{- $given := eq .part "server" | ternary (printf "%s-server" $plain) $plain -}}
{{- default $given $values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "part.selector" -}}
app.kubernetes.io/name: {{ include "part.name" . }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- if eq .part "server" }}
app.kubernetes.io/component: {{ .root.Values.server.name }}
{{- end }}
{{- end -}}

{{- define "part.labels" -}}
{{ include "part.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- if eq .part "server" "prometheus-node-exporter" }}
app.kubernetes.io/part-of: {{ include "part.name" . }}
{{- end }}
{{- if eq .part "prometheus-node-exporter" }}
app.kubernetes.io/component: metrics
{{- end }}
{{- end -}}

{{- define "part.metadata" -}}
name: {{ include "part.fullname" . }}
namespace: {{ default .root.Release.Namespace (index .root.Values .part).namespaceOverride }}
labels:
  {{- include "part.labels" . | nindent 2 }}
{{- end -}}

{{/* Labels and annotations of the pods of a part. */}}
{{- define "part.podMetadata" -}}
{{- $values := index .root.Values .part -}}
labels:
  {{- include "part.labels" . | nindent 2 }}
  {{- with $values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $annotations := merge (dict) $values.podAnnotations (default dict .annotations) }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Where the pods of a part run, and by which Secrets their images are pulled. */}}
{{- define "part.placement" -}}
{{- $values := index .root.Values .part -}}
{{- with eq .part "server" | ternary .root.Values.imagePullSecrets $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Image, program, rights and resources of a part's container. */}}
{{- define "part.container" -}}
{{- $values := index .root.Values .part -}}
{{- $image := $values.image -}}
{{- $tag := required (printf "%s.image.tag must name an image with Debian's Prometheus (apps/monitoring): there is no default" .part) $image.tag -}}
image: {{ with $image.registry }}{{ . }}/{{ end }}{{ $image.repository }}:{{ $tag }}
imagePullPolicy: {{ $image.pullPolicy }}
command: [{{ .program }}]
{{- with eq .part "alertmanager" | ternary $values.securityContext $values.containerSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "part.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "part.metadata" . | nindent 2 }}
{{- end -}}
