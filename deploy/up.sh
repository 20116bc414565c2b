#!/usr/bin/env bash
# Creates or updates the stacks, each with what the ones before it put out.
#
#   deploy/up.sh NAME [PARAMETER=VALUE ...]     all parameters: deploy/*.yaml; those left out stay as they are
#   STACKS="data network" deploy/up.sh NAME     only these of data, network, fargate, lambda, alarms; without: no lambda
#
# Parameters go to every stack that has one of that name; what an earlier stack puts out gives way to them.
set -euo pipefail
cd "$(dirname "$0")"

name=${1:?usage: deploy/up.sh NAME [PARAMETER=VALUE ...]}
shift

outputs=()
for stack in data network fargate lambda alarms; do
  case " ${STACKS:-data network fargate alarms} " in
    *" $stack "*)
      parameters=(${outputs[@]+"${outputs[@]}"} "$@")
      aws cloudformation deploy --stack-name "$name-$stack" --template-file "$stack.yaml" \
        --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
        ${parameters[0]:+--parameter-overrides "${parameters[@]}"}
      ;;
  esac
  # A stack that isn't there (a network of your own) puts nothing out.
  if lines=$(aws cloudformation describe-stacks --stack-name "$name-$stack" --output text \
    --query 'Stacks[0].Outputs[].[OutputKey, OutputValue]' 2>/dev/null); then
    while read -r key value; do
      if [ -n "$value" ]; then outputs+=("$key=$value"); fi
    done <<<"$lines"
  fi
done
printf '%s\n' ${outputs[@]+"${outputs[@]}"}
