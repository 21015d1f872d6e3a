"""Kubernetes, and programs that run in its clusters."""

from registries.handover.consumers.consumer import (
    APPLY,
    DELETE,
    LET_IT_ASK,
    Consumer,
    Page,
    Step,
)
from registries.handover.json import json as json_form
from registries.handover.kubelet import kubelet as kubelet_form
from registries.handover.kubernetes import kubernetes as kubernetes_form
from registries.handover.line import line as line_form
from registries.programs import credentials
from registries.text import gettext_noop as _

OWN_TOKEN = _(
    "Create an access token that can only be used to fetch the credentials of these registries."
)

kubernetes = Consumer(
    slug="kubernetes",
    label=_("Kubernetes"),
    summary=_("a pull secret for Pods"),
    form=kubernetes_form,
    file="@name@.yaml",
    many=True,
    steps=(
        APPLY,
        Step(
            _("Add it to a service account. Pods that are created from then on use it."),
            """\
kubectl patch serviceaccount default --namespace @namespace@ \\
  --patch '{"imagePullSecrets": [{"name": "@name@"}]}'""",
        ),
        Step(
            _("Or refer to it in the Pods that need it."),
            """\
spec:
  imagePullSecrets:
    - name: @name@""",
            "pod.yaml",
        ),
        DELETE,
    ),
    notes=(
        _("Pods can only use Secrets of their own namespace. Create one for each namespace."),
        _(
            "To replace the Secret, apply a new one with the same name. Do not delete the old one"
            " first: nodes remember which Secret pulled an image."
        ),
        _(
            "A prefix ends with a slash here, so that it does not match longer names. For this"
            " reason, a prefix that is the full name of a repository matches nothing: leave out"
            " its last part."
        ),
    ),
    renewal=(LET_IT_ASK,),
    pages=(
        Page(
            _("Kubernetes: pull an image from a private registry"),
            "https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/",
        ),
    ),
)

argo_cd = Consumer(
    slug="argo-cd",
    label=_("Argo CD Image Updater"),
    summary=_("reads the tags of images"),
    form=line_form,
    file="@name@.txt",
    namespace="argocd",
    steps=(
        Step(
            _("Store it as a Secret in the namespace of Image Updater."),
            """\
kubectl create secret generic @name@ --namespace @namespace@ \\
  --from-file=creds=@file@""",
        ),
        Step(
            _("Enter the Secret in its list of registries."),
            """\
registries:
  - name: @name@
    prefix: @host@
    api_url: @api_url@@insecure@
    credentials: secret:@namespace@/@name@#creds""",
            "registries.conf",
        ),
        DELETE,
    ),
    notes=(
        _(
            "For a registry with a prefix, create a Kubernetes pull secret and refer to it as"
            " “pullsecret:NAMESPACE/NAME”. This does not work for Docker Hub, because Image"
            " Updater does not find its key in a pull secret."
        ),
        _("Pods still need a pull secret of their own."),
    ),
    renewal=(
        Step(
            _("Add a script that asks this site. Image Updater runs it without arguments."),
            """\
#!/bin/sh
exec wget -qO- --header "Authorization: Bearer $(cat /etc/registries/token)" \\
  --post-data "form=line&registry=@id@" @handover@""",
            "/scripts/@name@.sh",
        ),
        Step(
            _("Enter the script in place of the Secret, and how long its output is valid."),
            """\
    credentials: ext:/scripts/@name@.sh
    credsexpire: @refresh@""",
            "registries.conf",
        ),
    ),
    pages=(
        Page(
            _("Argo CD Image Updater: authentication"),
            "https://argocd-image-updater.readthedocs.io/en/stable/basics/authentication/",
        ),
    ),
)

flux = Consumer(
    slug="flux",
    label=_("Flux"),
    summary=_("ImageRepository, OCIRepository, HelmRepository"),
    form=kubernetes_form,
    file="@name@.yaml",
    namespace="flux-system",
    many=True,
    steps=(
        APPLY,
        Step(
            _("Refer to it where Flux reads the image. It must be in the same namespace."),
            """\
spec:
  secretRef:
    name: @name@""",
            "image-repository.yaml",
        ),
        DELETE,
    ),
    notes=(_("Pods still need a pull secret of their own, in their namespace."),),
    renewal=(LET_IT_ASK,),
    pages=(
        Page(
            _("Flux: ImageRepository, secret reference"),
            "https://fluxcd.io/flux/components/image/imagerepositories/#secret-reference",
        ),
    ),
)

external_secrets = Consumer(
    slug="external-secrets",
    label=_("External Secrets"),
    summary=_("keeps a pull secret up to date"),
    form=json_form,
    steps=(
        Step(OWN_TOKEN, is_token=True),
        Step(
            _(
                "Store the token in the cluster, and label it so that the operator may use it for"
                " webhooks."
            ),
            """\
kubectl create secret generic registries-token --namespace @namespace@ \\
  --from-file=token=TOKEN_FILE
kubectl label secret registries-token --namespace @namespace@ \\
  external-secrets.io/type=webhook""",
        ),
        Step(
            _("Apply this. The operator asks this site, and writes the Secret “@name@”."),
            """\
apiVersion: generators.external-secrets.io/v1alpha1
kind: Webhook
metadata:
  name: @name@
  namespace: @namespace@
spec:
  url: @handover@
  method: POST
  headers:
    Content-Type: application/json
    Authorization: Bearer {{ .auth.token }}
  body: '{"registry": @id@, "form": "json"}'
  result:
    jsonPath: "$"
  secrets:
    - name: auth
      secretRef:
        name: registries-token
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: @name@
  namespace: @namespace@
spec:
  refreshInterval: @refresh@
  target:
    name: @name@
    template:
      type: kubernetes.io/dockerconfigjson
      data:
        .dockerconfigjson: "{{ .dockerconfigjson }}"
  dataFrom:
    - sourceRef:
        generatorRef:
          apiVersion: generators.external-secrets.io/v1alpha1
          kind: Webhook
          name: @name@""",
            "@name@.yaml",
        ),
        Step(
            _("Use the Secret like any other pull secret."),
            """\
kubectl patch serviceaccount default --namespace @namespace@ \\
  --patch '{"imagePullSecrets": [{"name": "@name@"}]}'""",
        ),
    ),
    notes=(
        _(
            "The operator renews the Secret at this interval, and does not see when the"
            " credentials expire. Do not make the interval longer."
        ),
        _("If this site's certificate comes from a private CA, add the CA as “caBundle”."),
    ),
    renewal=(Step(_("There is nothing to do: the operator asks again at each interval.")),),
    pages=(
        Page(
            _("External Secrets: the webhook generator"),
            "https://external-secrets.io/latest/api/generator/webhook/",
        ),
    ),
)

kubelet = Consumer(
    slug="kubelet",
    label=_("Kubelet"),
    summary=_("each node asks when it pulls, without a Secret"),
    form=kubelet_form,
    many=True,
    steps=(
        Step(OWN_TOKEN, is_token=True),
        Step(
            _("Put the token and the program registries-credential-provider on each node."),
            """\
sudo install -m 600 TOKEN_FILE /etc/kubernetes/registries-token
sudo install -D -m 755 registries-credential-provider \\
  /usr/local/lib/kubelet-providers/registries-credential-provider""",
            program=credentials.PROVIDER,
        ),
        Step(
            _("List the images for which the kubelet runs it."),
            """\
apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - name: registries-credential-provider
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    matchImages:
@matches@
    defaultCacheDuration: 0s
    env:
      - name: REGISTRIES_URL
        value: @site@
      - name: REGISTRIES_TOKEN_FILE
        value: /etc/kubernetes/registries-token""",
            "/etc/kubernetes/credential-providers.yaml",
        ),
        Step(
            _("Start the kubelet with these two flags."),
            """\
--image-credential-provider-config=/etc/kubernetes/credential-providers.yaml
--image-credential-provider-bin-dir=/usr/local/lib/kubelet-providers""",
        ),
    ),
    notes=(
        _("A node has one such file. If it exists already, add the provider to its list."),
        _("If the provider fails, the kubelet pulls without credentials, and logs the reason."),
    ),
    renewal=(Step(_("There is nothing to do: nodes ask again before the credentials expire.")),),
    pages=(
        Page(
            _("Kubernetes: configure a kubelet image credential provider"),
            "https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/",
        ),
    ),
)
