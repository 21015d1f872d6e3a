docker run -d --name wud \
  -e WUD_REGISTRY_HUB_MINE_LOGIN=johndoe -e "WUD_REGISTRY_HUB_MINE_PASSWORD=fake with spaces" \
  --env=WUD_REGISTRY_GHCR_MINE_USERNAME=johndoe \
  --env WUD_REGISTRY_GHCR_MINE_TOKEN="$GHCR_TOKEN" \
  -v /var/run/docker.sock:/var/run/docker.sock getwud/wud
