"""One legal value for every variable; none of them is a secret of anybody."""

SAMPLES = {
    "accesskey": "AKIAEXAMPLEEXAMPLE00",
    "account": "reader",
    "auth": "cmVhZGVyOm5vdC1hLXNlY3JldA==",  # reader:not-a-secret
    "authurl": "https://auth.example.com",
    "clientemail": "reader@example.iam.gserviceaccount.com",
    "clientid": "11111111-2222-3333-4444-555555555555",
    "clientsecret": "not-a-secret",
    "login": "reader",
    "namespace": "acme",
    "password": "not-a-secret",
    "privatekey": "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n",
    "region": "eu-west-1",
    "secretaccesskey": "not-a-secret",
    "tenantid": "99999999-8888-7777-6666-555555555555",
    "token": "not-a-secret",
    "url": "https://registry.example.com",
    "username": "reader",
}
