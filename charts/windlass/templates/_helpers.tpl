{{- /* Each takes a dict of `root`, the chart's context, and `name`, the controller's name. */ -}}

{{- define "windlass.fullname" -}}
{{ .name }}{{ .root.Values.nameSuffix }}
{{- end }}

{{- define "windlass.clusterName" -}}
{{ .root.Release.Name }}-{{ .root.Release.Namespace }}-{{ include "windlass.fullname" . }}
{{- end }}

{{- define "windlass.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "windlass.labels" -}}
{{ include "windlass.selector" . }}
app.kubernetes.io/component: {{ .name }}
app.kubernetes.io/part-of: flux
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- /* Takes `values` too, the controller's part of the values. */ -}}
{{- define "windlass.serviceAccountName" -}}
{{- if .values.serviceAccount.name -}}
{{ .values.serviceAccount.name }}
{{- else if .values.serviceAccount.create -}}
{{ include "windlass.fullname" . }}
{{- else -}}
default
{{- end }}
{{- end }}

{{- define "windlass.serviceAccount" -}}
{{- if .values.serviceAccount.create }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "windlass.serviceAccountName" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "windlass.labels" . | nindent 4 }}
  {{- with .values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "windlass.subjects" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "windlass.serviceAccountName" . }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{- /* Binds the controller's ClusterRole everywhere, or in the one namespace that is watched. */ -}}
{{- define "windlass.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
{{- if .root.Values.watchAllNamespaces }}
kind: ClusterRoleBinding
metadata:
  name: {{ include "windlass.clusterName" . }}
{{- else }}
kind: RoleBinding
metadata:
  name: {{ include "windlass.fullname" . }}
  namespace: {{ .root.Release.Namespace }}
{{- end }}
  labels:
    {{- include "windlass.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ include "windlass.clusterName" . }}
{{ include "windlass.subjects" . }}
{{- end }}

{{- /* A Lease in the release's namespace elects the leader. */ -}}
{{- define "windlass.election" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ include "windlass.fullname" . }}-leader-election
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "windlass.labels" . | nindent 4 }}
rules:
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    verbs: [get, create, update]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ include "windlass.fullname" . }}-leader-election
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "windlass.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ include "windlass.fullname" . }}-leader-election
{{ include "windlass.subjects" . }}
{{- end }}

{{- define "windlass.podMetadata" -}}
labels:
  {{- include "windlass.labels" . | nindent 2 }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  prometheus.io/scrape: "true"
  prometheus.io/port: "8080"
  {{- with .values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "windlass.podSettings" -}}
serviceAccountName: {{ include "windlass.serviceAccountName" . }}
terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  fsGroup: 65532
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "windlass.commonArgs" -}}
- --watch-all-namespaces={{ .root.Values.watchAllNamespaces }}
{{- with .root.Values.watchLabelSelector }}
- {{ printf "--watch-label-selector=%s" . | quote }}
{{- end }}
{{- with .root.Values.eventsAddr }}
- {{ printf "--events-addr=%s" . | quote }}
{{- end }}
- --log-level={{ .root.Values.logLevel }}
- --log-encoding={{ .root.Values.logEncoding }}
- --enable-leader-election
- --concurrent={{ .values.concurrent }}
{{- end }}

{{- define "windlass.containerSettings" -}}
image: {{ printf "%s:%s" .values.image.repository (.values.image.tag | default .root.Chart.AppVersion) | quote }}
imagePullPolicy: {{ .values.image.pullPolicy }}
env:
  - name: RUNTIME_NAMESPACE
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
  {{- with .values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
livenessProbe:
  httpGet:
    path: /healthz
    port: healthz
readinessProbe:
  httpGet:
    path: /readyz
    port: healthz
{{- with .values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}
