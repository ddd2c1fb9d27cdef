using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Wharf.Tests.Server.Immutability;
using Wharf.Tests.Server.OAuth;

namespace Wharf.Tests.Server.Access;

/// <summary>
/// One of each kind of caller around one organization, as the files of tests/data/authorization speak of them. The organization is made
/// anew for each cell that follows a change, the people only where the change was to a person.
/// </summary>
internal sealed class World
{
    /// <summary>The kinds of callers, in the order of the columns.</summary>
    public static readonly string[] Callers = ["anonymous", "stranger", "reader", "writer", "admin", "member", "creator", "orgadmin", "robot", "globalreader", "superuser",
        // The organization's admin once more, with other credentials: an OAuth token with repo:read, one with all scopes but super:user, an app token, an encrypted password.
        "oauth_read", "oauth_admin", "apptoken", "encrypted"];

    private static readonly string[] s_people = ["stranger", "reader", "writer", "admin", "member", "creator", "orgadmin", "user"];
    private readonly Registry _registry;
    private readonly ConcurrentDictionary<string, HttpClient> _clients;
    private readonly Dictionary<string, Account> _people;
    private readonly ConcurrentDictionary<string, string> _names;

    private World(Registry registry, Dictionary<string, Account> people)
    {
        _registry = registry;
        _people = people;
        _clients = new(people.Select(static p => KeyValuePair.Create(p.Key, p.Value.Client)));
        _clients["anonymous"] = registry.Anonymous;
        _names = new(StringComparer.Ordinal) { ["org"] = NewName("org"), ["team"] = "spares", ["user"] = people["user"].Name, ["robot"] = "spare" };
    }

    public static async Task<World> CreateAsync(Registry registry, World? former, bool samePeople)
    {
        var people = former?._people;
        if (people is null || !samePeople)
        {
            people = [];
            foreach (var kind in s_people)
                people[kind] = await registry.CreateUserAsync();
            people["globalreader"] = await FixedAsync(registry, AuthorizationRegistry.GlobalReader, former?._people["globalreader"]);
            people["superuser"] = await FixedAsync(registry, AuthorizationRegistry.Superuser, former?._people["superuser"]);
            foreach (var (_, person) in people.Where(static p => p.Key != "globalreader"))
                await person.Client.SendAsync("PUT", "/api/v1/user/robots/spare");
            var me = people["orgadmin"];
            var app = (await me.Client.SendJsonAsync("POST", "/api/v1/user/apptoken", """{"title":"matrix"}""")).Is(200).Json.GetProperty("token").GetProperty("token_code").GetString()!;
            var key = (await me.Client.SendJsonAsync("POST", "/api/v1/user/clientkey", $$"""{"password":"{{me.Password}}"}""")).Is(200).Json.GetProperty("key").GetString()!;
            (people["apptoken"], people["encrypted"]) = (me with { Client = registry.ClientFor("$app", app) }, me with { Client = registry.ClientFor(me.Name, key) });
            // With the organization's application their tokens go, so each world has its own.
            (people["oauth_read"], people["oauth_admin"]) = (me, me);
        }
        var world = new World(registry, people);
        await world.BuildAsync();
        return world;
    }

    /// <summary>Sends the request of a cell.</summary>
    public async Task<Answer> SendAsync(string caller, string method, string path, string body)
    {
        var (to, json) = (Fill(path, caller), Fill(body, caller));
        if (to.Contains("{apptoken}", StringComparison.Ordinal))
            to = to.Replace("{apptoken}", await AppTokenAsync(caller), StringComparison.Ordinal);
        if (to.Contains("{userprunepolicy}", StringComparison.Ordinal))
            to = to.Replace("{userprunepolicy}", await PrunePolicyAsync(caller), StringComparison.Ordinal);
        if (to.Contains("{kid}", StringComparison.Ordinal))
            to = to.Replace("{kid}", await ServiceKeyAsync(), StringComparison.Ordinal);
        return json.Length == 0
            ? await _clients[caller].SendAsync(method, to, method is "POST" or "PUT" or "PATCH" ? [] : null)
            : await _clients[caller].SendJsonAsync(method, to, json);
    }

    // One of the caller's own, or of nobody's where the caller cannot have one.
    private async Task<string> AppTokenAsync(string caller)
    {
        var made = await _clients[caller].SendJsonAsync("POST", "/api/v1/user/apptoken", """{"title":"spare"}""");
        return made.Status == System.Net.HttpStatusCode.OK ? made.Json.GetProperty("token").GetProperty("uuid").GetString()! : Guid.Empty.ToString();
    }

    // As above; the same one where there is one already.
    private async Task<string> PrunePolicyAsync(string caller)
    {
        const string Path = "/api/v1/user/autoprunepolicy/";
        await _clients[caller].SendJsonAsync("POST", Path, """{"method":"number_of_tags","value":9}""");
        var list = await _clients[caller].ReadAsync(Path);
        return list.Status == System.Net.HttpStatusCode.OK && list.Json.GetProperty("policies").EnumerateArray().FirstOrDefault() is { ValueKind: System.Text.Json.JsonValueKind.Object } policy
            ? policy.GetProperty("uuid").GetString()! : Guid.Empty.ToString();
    }

    private async Task<string> ServiceKeyAsync() =>
        (await _registry.Client.SendJsonAsync("POST", "/api/v1/superuser/keys", """{"service":"spare","expiration":null}""")).Is(200).Json.GetProperty("kid").GetString()!;

    // The settings name them, so they come back under the same name when a cell has removed them.
    private static async Task<Account> FixedAsync(Registry registry, string name, Account? former)
    {
        if (former is not null && (await former.Client.ReadAsync("/v2/auth?service=wharf")).Status == System.Net.HttpStatusCode.OK)
            return former;
        await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{name}");
        return await registry.CreateUserAsync(name);
    }

    private async Task BuildAsync()
    {
        var (org, owner) = (_names["org"], _clients["orgadmin"]);
        (await owner.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{org}}","email":"{{org}}@example.test"}""")).Is(201);
        await Task.WhenAll(
            TeamAsync("members", "member", "member"), TeamAsync("makers", "creator", "creator"), TeamAsync("spares", "member", "user"),
            Is(owner.SendAsync("PUT", $"/api/v1/organization/{org}/robots/spare"), 201), RobotAsync(),
            Is(owner.SendJsonAsync("POST", "/api/v1/repository", $$"""{"namespace":"{{org}}","repository":"app","visibility":"private","description":""}"""), 201));
        await Task.WhenAll(
            GrantAsync(_people["reader"].Name, "read"), GrantAsync(_people["writer"].Name, "write"), GrantAsync(_people["admin"].Name, "admin"),
            GrantAsync(_people["user"].Name, "write"), GrantAsync($"{org}+ci", "write"), PrototypeAsync(), PoliciesAsync(), QuotaAsync(), ApplicationAsync(),
            Is(owner.SendJsonAsync("PUT", $"/api/v1/repository/{org}/app/permissions/team/spares", """{"role":"read"}"""), 200), ImageAsync(),
            Is(owner.SendAsync("PUT", $"/api/v1/organization/{org}/pullstatistics/exclusions/{org}+spare"), 204),
            HoldAsync("hold", _registry.Client, "/api/v1/superuser/hold", """{"kind":"audit","from":"2020-01-01T00:00:00Z","to":"2020-01-02T00:00:00Z","reason":"spare"}"""),
            PrunePolicyAsync("prunepolicy", $"organization/{org}"), PrunePolicyAsync("repoprunepolicy", $"repository/{org}/app"));

        async Task TeamAsync(string name, string role, string person)
        {
            (await owner.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/{name}", $$"""{"role":"{{role}}"}""")).Is(200);
            (await owner.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/{name}/members/{_people[person].Name}", "{}")).Is(200);
        }

        async Task RobotAsync()
        {
            var token = (await owner.SendAsync("PUT", $"/api/v1/organization/{org}/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
            _clients["robot"] = _registry.ClientFor($"{org}+ci", token);
        }

        async Task ApplicationAsync()
        {
            (_names["client"], _) = await owner.CreateApplicationAsync(org, "spare");
            foreach (var (caller, scope) in new[] { ("oauth_read", "repo:read"), ("oauth_admin", OAuthRequests.AllScopes.Replace("super:user ", "", StringComparison.Ordinal)) })
            {
                var (matrix, _) = await owner.CreateApplicationAsync(org, caller);
                _clients[caller] = _registry.BearerOf((await owner.MintAsync(org, matrix, scope)).GetProperty("token").GetString()!);
            }
            _names["oauthtoken"] = (await owner.MintAsync(org, _names["client"], "repo:read")).GetProperty("uuid").GetString()!;
        }

        // An image under the tag v1, with a label, and under a tag on hold.
        async Task ImageAsync()
        {
            var image = await owner.PushImageAsync($"{org}/app", "v1");
            var digest = _names["digest"] = image.Digest.ToString();
            (await owner.PutManifestAsync($"{org}/app", "held", image.Manifest)).Is(201);
            // Set by somebody else, so that the organization's admin may lift it.
            (await owner.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/owners/members/{Registry.Admin}", "{}")).Is(200);
            await HoldAsync("ownhold", _registry.Client, $"/api/v1/organization/{org}/hold", """{"kind":"tag","repository":"app","tag":"held","reason":"spare"}""");
            (await owner.SendAsync("DELETE", $"/api/v1/organization/{org}/team/owners/members/{Registry.Admin}")).Is(204);
            _names["label"] = (await owner.SendJsonAsync("POST", $"/api/v1/repository/{org}/app/manifest/{digest}/labels", """{"key":"spare","value":"","media_type":"text/plain"}"""))
                .Is(201).Json.GetProperty("label").GetProperty("id").GetString()!;
            _names["lease"] = (await owner.SendJsonAsync("POST", $"/api/v1/repository/{org}/app/lease", $$"""{"manifest_digest":"{{digest}}","holder":"spare","ttl_seconds":3600}"""))
                .Is(201).Json.GetProperty("id").GetString()!;
        }

        async Task HoldAsync(string name, HttpClient by, string path, string body) => _names[name] = (await by.SendJsonAsync("POST", path, body)).Is(201).Json.GetProperty("id").GetString()!;

        // About no tag of this world.
        async Task PoliciesAsync()
        {
            _names["orgimmutability"] = await owner.CreatePolicyAsync(PolicyRequests.OrganizationPolicies(org), "spare");
            _names["immutability"] = await owner.CreatePolicyAsync(PolicyRequests.Policies($"{org}/app"), "spare");
        }

        // One that superusers have set, and one of the organization's own.
        async Task QuotaAsync()
        {
            foreach (var prefix in (string[])["", "spare/"])
                (await _registry.Client.SendJsonAsync("POST", $"/api/v1/organization/{org}/quota",
                    $$"""{"limit_bytes":1000000000,"prefix":"{{prefix}}","limits":[{"type":"Warning","threshold_percent":90}]}""")).Is(201);
            // A person has one of the registry's, and keeps it from world to world.
            var of = $"/api/v1/superuser/users/{_people["stranger"].Name}/quota";
            await _registry.Client.SendJsonAsync("POST", of, """{"limit_bytes":1000000000,"limits":[{"type":"Warning","threshold_percent":90}]}""");
            var own = (await _registry.Client.ReadAsync(of)).Is(200).Json[0];
            (_names["quotauser"], _names["userquota"], _names["userquotalimit"]) = (_people["stranger"].Name, own.GetProperty("id").GetRawText(), own.GetProperty("limits")[0].GetProperty("id").GetRawText());
            var quotas = (await owner.ReadAsync($"/api/v1/organization/{org}/quota")).Is(200).Json;
            foreach (var (i, name) in ((int, string)[])[(0, "quota"), (1, "prefixquota")])
            {
                _names[name] = quotas[i].GetProperty("id").GetRawText();
                _names[name + "limit"] = quotas[i].GetProperty("limits")[0].GetProperty("id").GetRawText();
            }
        }

        async Task PrunePolicyAsync(string name, string place) => _names[name] = (await owner.SendJsonAsync("POST", $"/api/v1/{place}/autoprunepolicy/", """{"method":"number_of_tags","value":9}"""))
            .Is(201).Json.GetProperty("uuid").GetString()!;

        Task GrantAsync(string name, string role) =>
            Is(owner.SendJsonAsync("PUT", $"/api/v1/repository/{org}/app/permissions/user/{name}", $$"""{"role":"{{role}}"}"""), 200);

        async Task PrototypeAsync() => _names["prototype"] = (await owner.SendJsonAsync("POST", $"/api/v1/organization/{org}/prototypes",
            $$$"""{"role":"read","delegate":{"name":"{{{_people["user"].Name}}}","kind":"user"}}""")).Is(200).Json.GetProperty("id").GetString()!;
    }

    private static async Task Is(Task<Answer> answer, int status) => (await answer).Is(status);

    private string Fill(string text, string caller)
    {
        var filled = new StringBuilder(text)
            .Replace("{self}", _people.TryGetValue(caller, out var me) ? me.Name : "nobody")
            .Replace("{password}", _people.TryGetValue(caller, out me) ? me.Password : "password1")
            .Replace("{fresh}", NewName("new"))
            .Replace("{now}", TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture));
        foreach (var (name, value) in _names)
            filled.Replace($"{{{name}}}", value);
        return filled.ToString();
    }

    private static string NewName(string prefix) => prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
}
