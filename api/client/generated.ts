// Made from the OpenAPI document by npm run docs. Change the schemas and paths of the API instead.

export type paths = {
  '/api/v1/alarms': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What a person must judge */
    get: operations['listAlarms'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/alarms/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Id of the alarm */
        id: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Say that somebody judged it */
    delete: operations['dismissAlarm'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/api-tokens': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Tokens of programs, without their secrets */
    get: operations['listApiTokens'];
    put?: never;
    /** Make a token for a program; its reply is the only time the token is shown */
    post: operations['createApiToken'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/api-tokens/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Id of the token */
        id: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Revoke the token of a program */
    delete: operations['revokeApiToken'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/approval-rules': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The rules that claim devices of a batch by themselves */
    get: operations['listApprovalRules'];
    put?: never;
    /** Make a rule; it is off unless isOn says otherwise */
    post: operations['createApprovalRule'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/approval-rules/{name}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the rule */
        name: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Delete a rule; the claims it made stay */
    delete: operations['deleteApprovalRule'];
    options?: never;
    head?: never;
    /** Change a rule, or switch it on or off */
    patch: operations['changeApprovalRule'];
    trace?: never;
  };
  '/api/v1/approval-rules/preview': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** What a rule would do to the devices that are there now; changes nothing */
    post: operations['previewApprovalRule'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/audit': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who did what to which device with which evidence, newest first */
    get: operations['listAudit'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/audit/export': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The whole audit log, oldest first: one JSON object a line */
    get: operations['exportAudit'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/audit/verification': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether the audit log is as it was written */
    get: operations['verifyAudit'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/claim-codes': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Enter the claim code of a device, so that it can prove it; claims nothing by itself
     * @description A code is remembered for fifteen minutes, in memory only, and dies with its proof.
     */
    post: operations['enterClaimCode'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/claim-codes/{device}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full id of the device */
        device: string;
      };
      cookie?: never;
    };
    /** How the claim code stands that was entered last for a device */
    get: operations['getClaimCode'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/claims': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All claims, by name */
    get: operations['listClaims'];
    put?: never;
    /**
     * Claim a device
     * @description A browser that claims by `device` must send If-Match, so that no other device is approved than the one its reader looked at.
     */
    post: operations['createClaim'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/claims/{name}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the claim */
        name: string;
      };
      cookie?: never;
    };
    /** One claim */
    get: operations['getClaim'];
    put?: never;
    post?: never;
    /** Delete a claim */
    delete: operations['deleteClaim'];
    options?: never;
    head?: never;
    /** Change labels, taints, pair or policy; each given field replaces what was there */
    patch: operations['changeClaim'];
    trace?: never;
  };
  '/api/v1/claims/export': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All claims as a file that import takes */
    get: operations['exportClaims'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/claims/import': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Import a file as it was previewed: all of it or nothing, or the good rows */
    post: operations['importClaims'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/claims/preview': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Compare a file of claims with those that exist; changes nothing */
    post: operations['previewClaims'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/cluster-ca': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The cluster's CA: who holds a certificate of it and should not, and how to rotate it */
    get: operations['getClusterCa'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/devices': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Everything that is or could become a node, first seen first */
    get: operations['listDevices'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/devices/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    /** One device */
    get: operations['getDevice'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/devices/{id}/decision': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Reject, ignore, revoke, reconsider or retry a device; what has shown no key can be ignored by its MAC address */
    post: operations['decideDevice'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/devices/{id}/identify': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Blink the LED of a device and show two words on its console; answers when it has begun */
    post: operations['identifyDevice'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/devices/{id}/replacement': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Let another device take the place of this one: its claim, node name and labels */
    post: operations['replaceDevice'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/devices/{id}/revocation': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    /** What revoking this device would stop, and what would be left to whoever holds it */
    get: operations['previewRevocation'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/devices/{id}/story': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    /** What happened to a device, oldest first */
    get: operations['getStory'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/enrol-tokens': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All enrol tokens, oldest first, without their secrets */
    get: operations['listEnrolTokens'];
    put?: never;
    /** Make an enrol token; its reply is the only time the token is shown */
    post: operations['createEnrolToken'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/enrol-tokens/{tokenId}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Public part of the token */
        tokenId: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Revoke an enrol token */
    delete: operations['revokeEnrolToken'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What happens, as it happens
     * @description Server-sent events (WHATWG HTML, section 9.2). Each event has an `id` that grows by one and, as its `data`, one JSON object of this schema; its `type` says what it is. There is no `event` field.
     *
     *     * `snapshot`: all devices and claims. Comes first, and whenever a resume cannot be bridged: forget what you knew.
     *     * `device`, `claim`: one is new or has changed; it replaces what you had by that id or name.
     *     * `device-removed`, `claim-removed`: one is gone.
     *     * `site`: the appliance has changed.
     *     * `alarms`: all of them, after the snapshot and with each change.
     *
     *     To resume, send the last id as `Last-Event-ID`: what came since is sent, of each thing the newest. The appliance keeps the last 1024 events; a client that is slower than they come gets, of each thing, the newest only. A comment every 15 seconds shows that the connection lives. The stream ends with the session. Types that you do not know are to be passed over.
     */
    get: operations['followEvents'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/label-sheets': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Labels with name, short id and QR code, as PDF or SVG */
    post: operations['printLabels'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/oci/images': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The container images that nodes get from here */
    get: operations['listOciImages'];
    put?: never;
    /** Bring the images of an archive (OCI layout, or of docker save) to the site; the body is the file */
    post: operations['loadOciImages'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/oci/images/{name}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description host/repository:tag, its slashes as %2F */
        name: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Take an image off the site; nodes that have it keep it */
    delete: operations['removeOciImage'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/openapi.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** This document */
    get: operations['getOpenApi'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/own-password': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Another password for the user who asks; ends all other sessions of the user */
    post: operations['changeOwnPassword'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/page-certificate': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Who vouches for this page, and until when
     * @description Without signing in, /trust tells how to trust the authority and gives its certificate. `trouble` is there while the certificate of --tls-cert or --acme-directory cannot be had.
     */
    get: operations['getPageCertificate'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/passkeys': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The passkeys of the user who asks */
    get: operations['listPasskeys'];
    put?: never;
    /** Add the passkey that the browser made */
    post: operations['addPasskey'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/passkeys/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Id of the passkey */
        id: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Remove a passkey of the user who asks */
    delete: operations['removePasskey'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/passkeys/options': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** What navigator.credentials.create() needs to make a passkey for the user who asks */
    post: operations['getPasskeyCreationOptions'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/services': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All sensor services by name, with where they run and why not */
    get: operations['listServices'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/services/{namespace}/{name}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the SensorService */
        name: string;
        /** @description Namespace of the SensorService */
        namespace: string;
      };
      cookie?: never;
    };
    /** One sensor service */
    get: operations['getService'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/services/{namespace}/{name}/units/{unit}/handover': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the SensorService */
        name: string;
        /** @description Namespace of the SensorService */
        namespace: string;
        /** @description Name of the pair, or of the node where its claim has no pair */
        unit: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Ask the active node of a unit to stop, and another one to go on; the reply comes before it is done */
    post: operations['handOverUnit'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/services/{namespace}/{name}/units/{unit}/takeover': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the SensorService */
        name: string;
        /** @description Namespace of the SensorService */
        namespace: string;
        /** @description Name of the pair, or of the node where its claim has no pair */
        unit: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Vouch that the silent holder of a unit (HoldLast) is off, so that another node may take over; if it is not, two drive at once */
    post: operations['takeOverUnit'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/session': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether this browser is signed in, as whom, and how one can sign in */
    get: operations['getSession'];
    put?: never;
    /** Sign in with a one-time code, or with name and password */
    post: operations['signIn'];
    /** Sign out */
    delete: operations['signOut'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/session/oidc': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Sends the browser to the organisation’s sign-in */
    get: operations['beginOidcSignIn'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/session/oidc/callback': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Where the organisation’s sign-in sends the browser back to; goes on to the page, with ?signInError= when refused */
    get: operations['signInByOidc'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/session/passkey': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Sign in with what navigator.credentials.get() gave */
    post: operations['signInByPasskey'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/session/passkey/options': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** What navigator.credentials.get() needs to sign in by passkey */
    post: operations['getPasskeyRequestOptions'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Browsers that are signed in: everybody’s for an admin, else one’s own */
    get: operations['listSessions'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/sessions/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Id of the session, from the list */
        id: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Sign a browser out: an admin anybody’s, others their own */
    delete: operations['endSession'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/sign-in-codes': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** A new one-time code (only with the token of cli.json) */
    post: operations['createSignInCode'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/site': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The appliance and its Kubernetes */
    get: operations['getSite'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/users': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The people who may sign in */
    get: operations['listUsers'];
    put?: never;
    /** Add somebody who may sign in */
    post: operations['createUser'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/users/{name}': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the user */
        name: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Remove a user with all passkeys; ends the sessions of the user */
    delete: operations['removeUser'];
    options?: never;
    head?: never;
    /** Another role or password; ends the sessions of the user, and a password removes the passkeys too */
    patch: operations['changeUser'];
    trace?: never;
  };
};
export type components = {
  schemas: {
    AlarmList: {
      items: components['schemas']['AlarmView'][];
    };
    AlarmView: {
      code: string;
      device?: string;
      id: string;
      message: string;
      nodeName?: string;
      remedy: string;
      /** Format: date-time */
      since: string;
    };
    ApiTokenList: {
      items: components['schemas']['ApiTokenView'][];
    };
    ApiTokenView: {
      /** Format: date-time */
      createdAt: string;
      createdBy: string;
      /** Format: date-time */
      expiresAt: string;
      id: string;
      /** Format: date-time */
      lastUsedAt?: string;
      name: string;
      role: components['schemas']['Role'];
      /** @enum {string} */
      state: 'usable' | 'expired' | 'ownerless';
    };
    ApprovalRuleChange: {
      firstNumber?: number;
      isOn?: boolean;
      labels?: {
        [key: string]: string;
      };
      nameTemplate?: string;
      taints?: {
        /** @enum {string} */
        effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
        key: string;
        value?: string;
      }[];
      tokenId?: string;
    };
    ApprovalRuleList: {
      items: components['schemas']['ApprovalRuleView'][];
    };
    ApprovalRulePreview: {
      items: {
        device: string;
        labels?: {
          [key: string]: string;
        };
        name?: string;
        /** @enum {string} */
        outcome: 'claim' | 'leave';
        reason?: string;
        serial?: string;
        shortId: string;
      }[];
    };
    ApprovalRuleView: {
      /** Format: date-time */
      createdAt: string;
      firstNumber?: number;
      isOn: boolean;
      labels?: {
        [key: string]: string;
      };
      name: string;
      nameTemplate: string;
      problem?: string;
      taints?: {
        /** @enum {string} */
        effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
        key: string;
        value?: string;
      }[];
      tokenId: string;
    };
    AuditEntry: {
      action: string;
      actor: {
        id: string;
        ip: string;
        /** @enum {string} */
        type: 'user' | 'oidc' | 'console' | 'token' | 'cli' | 'system' | 'unknown';
      };
      code?: string;
      deviceId?: string;
      evidence?: string;
      from?: string;
      hash: string;
      prevHash: string;
      /** @enum {string} */
      result: 'ok' | 'refused';
      seq: number;
      target?: string;
      to?: string;
      /** Format: date-time */
      ts: string;
    };
    AuditPage: {
      items: components['schemas']['AuditEntry'][];
      nextCursor?: string;
    };
    AuditProblem: {
      file?: string;
      /** @enum {string} */
      kind: 'Changed' | 'Missing' | 'CutOff' | 'OutOfOrder' | 'Unreadable' | 'Torn';
      line?: number;
      message: string;
      seq: number;
    };
    AuditVerification: {
      anchor?: {
        hash: string;
        seq: number;
      };
      entries: number;
      head?: {
        hash: string;
        seq: number;
      };
      intact: boolean;
      problems: components['schemas']['AuditProblem'][];
    };
    ClaimChange: {
      labels?: {
        [key: string]: string;
      };
      match?: {
        device?: string;
        duid?: string;
        keyFingerprint?: string;
        mac?: string;
        serial?: string;
      };
      pair?: {
        name: string;
        /** @enum {string} */
        role: 'Primary' | 'Backup';
      } | null;
      /** @enum {string} */
      reclaimPolicy?: 'Retain' | 'Release';
      replaces?: string | null;
      taints?: components['schemas']['Taint'][];
    };
    ClaimCodeView: {
      device: string;
      /** Format: date-time */
      expiresAt: string;
      failure?: {
        code: string;
        message: string;
        remedy: string;
      };
      shortId: string;
      /** @enum {string} */
      state: 'waiting' | 'proven' | 'refused';
    };
    ClaimList: {
      items: components['schemas']['ClaimView'][];
      nextCursor?: string;
    };
    ClaimView: {
      conditions: components['schemas']['ConditionView'][];
      device?: string;
      labels: {
        [key: string]: string;
      };
      match: {
        [key: string]: string;
      };
      name: string;
      nodeName: string;
      pair?: {
        name: string;
        role: string;
      };
      /** @enum {string} */
      phase: 'Waiting' | 'Bound' | 'Joined' | 'Conflict';
      /** @enum {string} */
      reclaimPolicy: 'Retain' | 'Release';
      replaces?: string;
      taints: components['schemas']['Taint'][];
      version?: string;
    };
    ClusterCaView: {
      /** Format: date-time */
      notAfter: string;
      /** Format: date-time */
      notBefore: string;
      revoked: {
        device: string;
        nodeName?: string;
      }[];
      steps: {
        command?: string;
        what: string;
      }[];
    };
    ConditionView: {
      /** Format: date-time */
      lastTransitionTime: string;
      message: string;
      reason: string;
      /** @enum {string} */
      status: 'True' | 'False' | 'Unknown';
      type: string;
    };
    CreatedApiToken: {
      token: string;
      view: components['schemas']['ApiTokenView'];
    };
    CreatedToken: {
      card: unknown;
      token: string;
      view: components['schemas']['TokenView'];
    };
    DecisionRequest: {
      /** @enum {string} */
      decision: 'Undecided' | 'Rejected' | 'Ignored' | 'Revoked' | 'Retry';
    };
    DeviceFile: {
      path: string;
      usb?: {
        name?: string;
        product: string;
        serial?: string;
        vendor: string;
      };
    };
    DeviceList: {
      items: components['schemas']['DeviceView'][];
      nextCursor?: string;
    };
    DeviceView: {
      arch?: string;
      claim?: string;
      claimable: boolean;
      /** @constant */
      codeAwaited?: true;
      conditions?: components['schemas']['ConditionView'][];
      devices?: components['schemas']['DeviceFile'][];
      evidence: components['schemas']['EvidenceKind'];
      failure?: components['schemas']['Failure'];
      /** Format: date-time */
      firstSeen?: string;
      hostname?: string;
      id: string;
      ip?: string;
      labels?: {
        [key: string]: string;
      };
      /** Format: date-time */
      lastSeen?: string;
      macs: string[];
      memoryMiB?: number;
      model?: string;
      nodeName?: string;
      offer?: {
        /** @enum {string} */
        because: 'Serial' | 'Duid' | 'Token';
        claim?: string;
        device: string;
        nodeName?: string;
        shortId: string;
      };
      offeredBy?: string[];
      reasons?: string[];
      replacedBy?: string;
      seenBy?: components['schemas']['SeenBy'][];
      serial?: string;
      shortId: string;
      /** Format: date-time */
      since: string;
      stage: components['schemas']['Stage'];
      state?: string;
      vendor?: string;
      version?: string;
      waitsFor?: string;
      warnings?: {
        code: string;
        message: string;
        remedy: string;
      }[];
    };
    ErrorReply: {
      error: {
        code: string;
        message: string;
        remedy: string;
      };
    };
    /** @enum {string} */
    EvidenceKind: 'CardToken' | 'BatchToken' | 'ClaimCode' | 'Key' | 'None';
    Failure: {
      code: string;
      message: string;
      remedy: string;
      /** Format: date-time */
      retryAt?: string;
      /** Format: date-time */
      since?: string;
    };
    HandoverRequest: {
      to: string;
    };
    IdentifyRequest: {
      /** @default 30 */
      seconds: number;
    };
    IdentifyView: {
      /** @enum {string} */
      how: 'Agent' | 'Job';
      /** Format: date-time */
      until: string;
      words: string;
    };
    LabelItem:
      | {
          claim: string;
        }
      | {
          code?: string;
          device: string;
        }
      | {
          code?: string;
          name?: string;
          tokenId: string;
        };
    LabelSheetRequest: {
      /** Format: uri */
      claimBase?: string;
      /** @enum {string} */
      format: 'pdf' | 'svg';
      items: components['schemas']['LabelItem'][];
      /**
       * @default A4
       * @enum {string}
       */
      paper: 'A4' | 'Letter' | '62mm' | '29x90mm';
    };
    LiveEvent:
      | {
          claims: components['schemas']['ClaimView'][];
          devices: components['schemas']['DeviceView'][];
          /** @constant */
          type: 'snapshot';
        }
      | {
          device: components['schemas']['DeviceView'];
          /** @constant */
          type: 'device';
        }
      | {
          id: string;
          /** @constant */
          type: 'device-removed';
        }
      | {
          claim: components['schemas']['ClaimView'];
          /** @constant */
          type: 'claim';
        }
      | {
          name: string;
          /** @constant */
          type: 'claim-removed';
        }
      | {
          site: components['schemas']['SiteView'];
          /** @constant */
          type: 'site';
        }
      | {
          items: components['schemas']['AlarmView'][];
          /** @constant */
          type: 'alarms';
        }
      | {
          revision: number;
          /** @constant */
          type: 'services';
        };
    ManifestCounts: {
      changed: number;
      conflict: number;
      invalid: number;
      new: number;
      unchanged: number;
    };
    /** @enum {string} */
    ManifestFormat: 'csv' | 'yaml';
    ManifestImport: {
      digest: string;
      format: components['schemas']['ManifestFormat'];
      /** @enum {string} */
      take: 'all' | 'good';
      text: string;
    };
    ManifestOutcome: {
      changed: number;
      created: number;
      left: components['schemas']['ManifestRow'][];
      unchanged: number;
    };
    ManifestPreview: {
      counts: components['schemas']['ManifestCounts'];
      digest: string;
      rows: components['schemas']['ManifestRow'][];
    };
    ManifestRow: {
      changes?: {
        field: string;
        from?: string;
        to?: string;
      }[];
      code?: string;
      column?: number;
      line: number;
      match?: string;
      message?: string;
      name: string;
      notes?: string[];
      /** @enum {string} */
      outcome: 'new' | 'changed' | 'unchanged' | 'conflict' | 'invalid';
      remedy?: string;
    };
    ManifestText: {
      format: components['schemas']['ManifestFormat'];
      text: string;
    };
    NewApiToken: {
      expiresInSec?: number;
      name: string;
      role: components['schemas']['Role'];
    };
    NewApprovalRule: {
      firstNumber?: number;
      isOn?: boolean;
      labels?: {
        [key: string]: string;
      };
      name: string;
      nameTemplate: string;
      taints?: {
        /** @enum {string} */
        effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
        key: string;
        value?: string;
      }[];
      tokenId: string;
    };
    NewClaim: {
      device?: string;
      labels?: {
        [key: string]: string;
      };
      match?: {
        device?: string;
        duid?: string;
        keyFingerprint?: string;
        mac?: string;
        serial?: string;
      };
      name: string;
      nodeName?: string;
      pair?: {
        name: string;
        /** @enum {string} */
        role: 'Primary' | 'Backup';
      };
      /** @enum {string} */
      reclaimPolicy?: 'Retain' | 'Release';
      replaces?: string;
      taints?: components['schemas']['Taint'][];
    };
    NewClaimCode: {
      code: string;
      device?: string;
    };
    NewPasskey: {
      name: string;
      response: {
        /** @enum {string} */
        authenticatorAttachment?: 'platform' | 'cross-platform';
        clientExtensionResults: {
          [key: string]: unknown;
        };
        id: string;
        rawId: string;
        response: {
          attestationObject: string;
          clientDataJSON: string;
        } & {
          [key: string]: unknown;
        };
        /** @constant */
        type: 'public-key';
      } & {
        [key: string]: unknown;
      };
    };
    NewToken: {
      expiresInSec?: number;
      /** @enum {string} */
      kind: 'card' | 'batch';
      note?: string;
      uses?: number;
    };
    NewUser: {
      name: string;
      password: string;
      role: components['schemas']['Role'];
    };
    OwnPassword: {
      next: string;
      present: string;
    };
    PageCertificateView: {
      acme?: {
        /** Format: date-time */
        nextOrderAt: string;
        url: string;
      };
      caFingerprint: string;
      /** @enum {string} */
      issuer: 'SiteCa' | 'Given' | 'Acme';
      names: string[];
      /** Format: date-time */
      notAfter: string;
      trouble?: {
        code: string;
        message: string;
        remedy: string;
        /** Format: date-time */
        since: string;
      };
    };
    PasskeyList: {
      items: components['schemas']['PasskeyView'][];
    };
    PasskeyOptions: {
      challenge: string;
    } & {
      [key: string]: unknown;
    };
    PasskeySignIn: {
      response: {
        /** @enum {string} */
        authenticatorAttachment?: 'platform' | 'cross-platform';
        clientExtensionResults: {
          [key: string]: unknown;
        };
        id: string;
        rawId: string;
        response: {
          authenticatorData: string;
          clientDataJSON: string;
          signature: string;
          userHandle?: string;
        } & {
          [key: string]: unknown;
        };
        /** @constant */
        type: 'public-key';
      } & {
        [key: string]: unknown;
      };
    };
    PasskeyView: {
      /** Format: date-time */
      createdAt: string;
      host: string;
      id: string;
      name: string;
    };
    ReplacementRequest: {
      with: string;
    };
    RevocationView: {
      afterwards: string[];
      device: string;
      nodeName?: string;
      pods: {
        movable: boolean;
        name: string;
        namespace: string;
        owner?: string;
      }[];
      secrets: {
        name: string;
        namespace: string;
      }[];
    };
    /** @enum {string} */
    Role: 'viewer' | 'claimer' | 'admin';
    SeenBy: {
      /** Format: date-time */
      at: string;
      interface: string;
      /** @enum {string} */
      source: 'dhcp' | 'lease' | 'mdns' | 'neighbour';
      what: string;
    };
    SensorServiceList: {
      items: components['schemas']['SensorServiceView'][];
    };
    SensorServiceView: {
      deviceRules: {
        path?: string;
        usb?: {
          product: string;
          serial?: string;
          vendor: string;
        };
      }[];
      devices: string[];
      image: string;
      isReady: boolean;
      message: string;
      /** @enum {string} */
      mode: 'Lease' | 'ActiveActive';
      name: string;
      namespace: string;
      nodeSelector: {
        [key: string]: string;
      };
      /** @enum {string} */
      onControlPlaneLoss: 'Safe' | 'HoldLast';
      outside: {
        node: string;
        why: string;
      }[];
      publishes: string[];
      safeState?: string;
      subscribes: string[];
      /** @enum {string} */
      type: 'Sensor' | 'Actuator';
      units: components['schemas']['ServiceUnit'][];
      warnings: string[];
    };
    ServiceUnit: {
      active?: {
        epoch: number;
        node: string;
        /** Format: date-time */
        since: string;
      };
      handBackTo?: string;
      instances: {
        node: string;
        reason?: string;
        /** @enum {string} */
        state: 'Active' | 'Standby' | 'NotRunning';
        unit: string;
        why?: string;
      }[];
      lastHandover?: {
        from: string;
        /** @enum {string} */
        reason: 'Expired' | 'Released';
        /** Format: date-time */
        time: string;
        to: string;
      };
      lease?: {
        candidates: {
          isReady: boolean;
          node: string;
        }[];
        epoch: number;
        holder?: string;
        name: string;
      };
      name: string;
      problems: string[];
    };
    SessionList: {
      items: components['schemas']['SignedInView'][];
    };
    SessionView: {
      csrfToken?: string;
      /** Format: date-time */
      freshUntil?: string;
      needsUser?: boolean;
      oidcName?: string;
      signedIn: boolean;
      user?: {
        name: string;
        role: components['schemas']['Role'];
      };
      way?: components['schemas']['SignInWay'];
      ways: components['schemas']['SignInWay'][];
    };
    SignedInView: {
      browser: string;
      /** Format: date-time */
      createdAt: string;
      current: boolean;
      /** Format: date-time */
      expiresAt: string;
      id: string;
      ip: string;
      /** Format: date-time */
      lastUsedAt: string;
      user: {
        name: string;
        role: components['schemas']['Role'];
      };
      way: components['schemas']['SignInWay'];
    };
    SignIn: {
      code?: string;
      name?: string;
      password?: string;
    };
    SignInCode: {
      code: string;
      /** Format: date-time */
      expiresAt: string;
    };
    /** @enum {string} */
    SignInWay: 'code' | 'password' | 'passkey' | 'oidc';
    SiteImage: {
      /** @description Of all its parts; images share parts */
      bytes: number;
      digest: string;
      /** Format: date-time */
      loadedAt: string;
      /** @description What a pod writes: host/repository:tag */
      name: string;
      platforms: string[];
    };
    SiteImageList: {
      items: components['schemas']['SiteImage'][];
    };
    SiteView: {
      applianceId: string;
      enrolUrls: string[];
      interfaces: {
        addresses: string[];
        name: string;
      }[];
      kubernetes: {
        ready: boolean;
        server: string;
        standIn?: string;
        version: string;
      };
      name: string;
      /** Format: date-time */
      serverTime: string;
      sources: {
        detail?: string;
        name: string;
        working: boolean;
      }[];
      version: string;
    };
    /** @enum {string} */
    Stage:
      | 'Seen'
      | 'NoEvidence'
      | 'Pending'
      | 'Approved'
      | 'Joining'
      | 'Ready'
      | 'Failed'
      | 'Quarantined'
      | 'Rejected'
      | 'Ignored'
      | 'Revoked'
      | 'Replaced';
    StoryView: {
      device: string;
      entries: {
        /** Format: date-time */
        at: string;
        count?: number;
        /** @enum {string} */
        from: 'lan' | 'device' | 'claim' | 'node';
        message: string;
        reason: string;
        remedy?: string;
        tookMs?: number;
        /** @enum {string} */
        type: 'Normal' | 'Warning';
      }[];
    };
    Taint: {
      /** @enum {string} */
      effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
      key: string;
      value?: string;
    };
    TakeoverRequest: {
      epoch?: number;
      to: string;
      /** @constant */
      vouched: true;
    };
    TokenList: {
      items: components['schemas']['TokenView'][];
      nextCursor?: string;
    };
    TokenView: {
      boundTo: string[];
      /** Format: date-time */
      createdAt: string;
      /** Format: date-time */
      expiresAt: string;
      /** @enum {string} */
      kind: 'card' | 'batch';
      note?: string;
      /** @enum {string} */
      state: 'usable' | 'used' | 'expired' | 'revoked';
      tokenId: string;
      usesLeft: number;
    };
    UserChange: {
      password?: string;
      role?: components['schemas']['Role'];
    };
    UserList: {
      items: components['schemas']['UserView'][];
    };
    UserView: {
      /** Format: date-time */
      createdAt: string;
      name: string;
      passkeys: number;
      /** Format: date-time */
      passwordChangedAt?: string;
      role: components['schemas']['Role'];
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
};
export interface operations {
  listAlarms: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AlarmList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  dismissAlarm: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Id of the alarm */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  listApiTokens: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ApiTokenList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  createApiToken: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewApiToken'];
      };
    };
    responses: {
      /** @description Done */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CreatedApiToken'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  revokeApiToken: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Id of the token */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  listApprovalRules: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ApprovalRuleList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  createApprovalRule: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewApprovalRule'];
      };
    };
    responses: {
      /** @description Done */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ApprovalRuleView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  deleteApprovalRule: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the rule */
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  changeApprovalRule: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the rule */
        name: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ApprovalRuleChange'];
      };
    };
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ApprovalRuleView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  previewApprovalRule: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewApprovalRule'];
      };
    };
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ApprovalRulePreview'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  listAudit: {
    parameters: {
      query?: {
        action?: string;
        actor?: string;
        cursor?: number;
        device?: string;
        from?: string;
        limit?: number;
        to?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AuditPage'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  exportAudit: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The file */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/x-ndjson': string;
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  verifyAudit: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AuditVerification'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  enterClaimCode: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewClaimCode'];
      };
    };
    responses: {
      /** @description Done */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ClaimCodeView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getClaimCode: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full id of the device */
        device: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ClaimCodeView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  listClaims: {
    parameters: {
      query?: {
        /** @description `nextCursor` of the reply before */
        cursor?: string;
        /** @description At most so many items; without it all */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ClaimList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  createClaim: {
    parameters: {
      query?: never;
      header?: {
        /** @description `version` of the device that `device` names, as you saw it */
        'If-Match'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewClaim'];
      };
    };
    responses: {
      /** @description Done */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ClaimView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getClaim: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the claim */
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          /** @description Of this state, for If-Match */
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ClaimView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  deleteClaim: {
    parameters: {
      query?: never;
      header?: {
        /** @description `version` of the claim as you saw it: 412 when somebody changed it since */
        'If-Match'?: string;
      };
      path: {
        /** @description Name of the claim */
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  changeClaim: {
    parameters: {
      query?: never;
      header?: {
        /** @description `version` of the claim as you saw it: 412 when somebody changed it since */
        'If-Match'?: string;
      };
      path: {
        /** @description Name of the claim */
        name: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ClaimChange'];
      };
    };
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ClaimView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  exportClaims: {
    parameters: {
      query?: {
        format?: components['schemas']['ManifestFormat'];
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The file */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/yaml': string;
          'text/csv': string;
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  importClaims: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ManifestImport'];
      };
    };
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ManifestOutcome'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  previewClaims: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ManifestText'];
      };
    };
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ManifestPreview'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getClusterCa: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ClusterCaView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  listDevices: {
    parameters: {
      query?: {
        /** @description `nextCursor` of the reply before */
        cursor?: string;
        /** @description At most so many items; without it all */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DeviceList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getDevice: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          /** @description Of this state, for If-Match */
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DeviceView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  decideDevice: {
    parameters: {
      query?: never;
      header?: {
        /** @description `version` of the device as you saw it: 412 when it has become another one since */
        'If-Match'?: string;
      };
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['DecisionRequest'];
      };
    };
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DeviceView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  identifyDevice: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['IdentifyRequest'];
      };
    };
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['IdentifyView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  replaceDevice: {
    parameters: {
      query?: never;
      header?: {
        /** @description `version` of the device as you saw it: 412 when it has become another one since */
        'If-Match'?: string;
      };
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ReplacementRequest'];
      };
    };
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DeviceView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  previewRevocation: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RevocationView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getStory: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Full or shortened id, mac:…, MAC address, serial, node name or host name */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['StoryView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  listEnrolTokens: {
    parameters: {
      query?: {
        /** @description `nextCursor` of the reply before */
        cursor?: string;
        /** @description At most so many items; without it all */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['TokenList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  createEnrolToken: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewToken'];
      };
    };
    responses: {
      /** @description Done */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CreatedToken'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  revokeEnrolToken: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Public part of the token */
        tokenId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  followEvents: {
    parameters: {
      query?: never;
      header?: {
        /** @description Id of the last event that you have */
        'Last-Event-ID'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'text/event-stream': components['schemas']['LiveEvent'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  printLabels: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['LabelSheetRequest'];
      };
    };
    responses: {
      /** @description The file */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/pdf': string;
          'image/svg+xml': string;
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  listOciImages: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SiteImageList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  loadOciImages: {
    parameters: {
      query?: {
        /** @description What to call the image, when the archive has one and does not say */
        name?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/gzip': string;
        'application/octet-stream': string;
        'application/x-tar': string;
      };
    };
    responses: {
      /** @description Done */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SiteImageList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  removeOciImage: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description host/repository:tag, its slashes as %2F */
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getOpenApi: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            openapi: string;
          } & {
            [key: string]: unknown;
          };
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  changeOwnPassword: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['OwnPassword'];
      };
    };
    responses: {
      /** @description Done */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getPageCertificate: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PageCertificateView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  listPasskeys: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PasskeyList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  addPasskey: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewPasskey'];
      };
    };
    responses: {
      /** @description Done */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PasskeyView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  removePasskey: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Id of the passkey */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getPasskeyCreationOptions: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PasskeyOptions'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  listServices: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SensorServiceList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getService: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the SensorService */
        name: string;
        /** @description Namespace of the SensorService */
        namespace: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SensorServiceView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  handOverUnit: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the SensorService */
        name: string;
        /** @description Namespace of the SensorService */
        namespace: string;
        /** @description Name of the pair, or of the node where its claim has no pair */
        unit: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['HandoverRequest'];
      };
    };
    responses: {
      /** @description Done */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SensorServiceView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  takeOverUnit: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the SensorService */
        name: string;
        /** @description Namespace of the SensorService */
        namespace: string;
        /** @description Name of the pair, or of the node where its claim has no pair */
        unit: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['TakeoverRequest'];
      };
    };
    responses: {
      /** @description Done */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SensorServiceView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getSession: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SessionView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  signIn: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['SignIn'];
      };
    };
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SessionView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  signOut: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  beginOidcSignIn: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      302: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  signInByOidc: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      302: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  signInByPasskey: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['PasskeySignIn'];
      };
    };
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SessionView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getPasskeyRequestOptions: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PasskeyOptions'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  listSessions: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SessionList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  endSession: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Id of the session, from the list */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  createSignInCode: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SignInCode'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  getSite: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SiteView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  listUsers: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['UserList'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  createUser: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewUser'];
      };
    };
    responses: {
      /** @description Done */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['UserView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  removeUser: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the user */
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
  changeUser: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of the user */
        name: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['UserChange'];
      };
    };
    responses: {
      /** @description Done */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['UserView'];
        };
      };
      /** @description Refused: a permanent code, what happened, and what to do */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ErrorReply'];
        };
      };
    };
  };
}
