using Wharf.Oci;
using Wharf.Tests.Server.Immutability;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Recovery;

/// <summary>Something of everything that a registry keeps.</summary>
internal sealed class World
{
    private World(string organization, Account member, Account stranger) => (Organization, Member, Stranger) = (organization, member, stranger);

    public string Organization { get; }

    /// <summary>In a team that may write to the repository app.</summary>
    public Account Member { get; }

    public Account Stranger { get; }

    /// <summary>What the tag latest of the repository app names at last.</summary>
    public Image Latest { get; private set; } = null!;

    private Image First { get; set; } = null!;

    private byte[] Index { get; set; } = [];

    private Image Referrer { get; set; } = null!;

    public static async Task<World> MakeAsync(UserRegistry registry)
    {
        var owner = registry.User.Client;
        var world = new World(await owner.CreateOrganizationAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var org = world.Organization;
        (await owner.SendJsonAsync("PUT", $"/api/v1/organization/{org}", """{"tag_expiration_s":604800}""")).Is(200);
        (await owner.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/devs", """{"role":"member","description":"who write"}""")).Is(200);
        (await owner.SendAsync("PUT", $"/api/v1/organization/{org}/robots/ci")).Is(201);
        (await owner.SendJsonAsync("POST", $"/api/v1/organization/{org}/prototypes", """{"role":"write","delegate":{"name":"devs","kind":"team"}}""")).Is(200);
        world.First = await owner.PushImageAsync($"{org}/app", "latest");
        await owner.PushImageAsync($"{org}/app", "gone");
        var child = await owner.PushImageAsync($"{org}/app", "child");
        world.Index = Image.Index(MediaTypes.OciIndex, (MediaTypes.OciManifest, child.Manifest));
        (await owner.PutManifestAsync($"{org}/app", "index", world.Index, MediaTypes.OciIndex)).Is(201);
        await owner.PushImageAsync($"{org}/deleted", "latest");
        (await owner.SendAsync("DELETE", $"/api/v1/repository/{org}/deleted")).Is(204);
        return world;
    }

    /// <summary>Changes of all kinds.</summary>
    public async Task ChangeAsync(UserRegistry registry)
    {
        var (owner, org) = (registry.User.Client, Organization);
        Latest = await owner.PushImageAsync($"{org}/app", "latest");
        Referrer = Image.Random("application/vnd.example", Latest.Digest);
        await owner.PushBlobAsync($"{org}/app", Referrer.Config);
        await owner.PushBlobAsync($"{org}/app", Referrer.Layer);
        (await owner.PutManifestAsync($"{org}/app", Referrer.Digest.ToString(), Referrer.Manifest)).Is(201);
        (await owner.SendAsync("DELETE", $"/v2/{org}/app/manifests/gone")).Is(202);
        await owner.PushBlobAsync($"{org}/app", Requests.RandomBytes(100));
        (await owner.SendAsync("PUT", $"/api/v1/organization/{org}/team/devs/members/{Member.Name}")).Is(200);
        foreach (var invite in (await Member.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200).Json.GetProperty("invites").EnumerateArray())
            (await Member.Client.SendAsync("PUT", $"/api/v1/teaminvite/{invite.GetProperty("code").GetString()}")).Is(200);
        (await owner.SendJsonAsync("PUT", $"/api/v1/repository/{org}/app/permissions/team/devs", """{"role":"read"}""")).Is(200);
        (await owner.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/gone", """{"role":"admin"}""")).Is(200);
        (await owner.SendAsync("DELETE", $"/api/v1/organization/{org}/team/gone")).Is(204);
        (await owner.SendAsync("PUT", $"/api/v1/organization/{org}/robots/former")).Is(201);
        (await owner.SendAsync("DELETE", $"/api/v1/organization/{org}/robots/former")).Is(204);
        (await owner.SendJsonAsync("PUT", $"/api/v1/repository/{org}/app/permissions/user/{org}+ci", """{"role":"write"}""")).Is(200);
        await owner.PushImageAsync($"{org}/later", "v1");
        await owner.ProtectAsync($"{org}/app", "index");
        await owner.CreatePolicyAsync(PolicyRequests.Policies($"{org}/app"), "ch.*");
        var policies = PolicyRequests.OrganizationPolicies(org);
        (await owner.SendAsync("DELETE", policies + await owner.CreatePolicyAsync(policies, "index"))).Is(200);
        (await owner.SendJsonAsync("PUT", policies + await owner.CreatePolicyAsync(policies, "w.*"), """{"tagPattern":"v.*"}""")).Is(204);
        await owner.PushImageAsync($"{org}/later", "v2");
        (await owner.SendJsonAsync("POST", $"/api/v1/organization/{org}/hold", """{"kind":"tag","repository":"later","tag":"v1","reason":"Smith v. Acme"}""")).Is(201);
        (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/hold", """{"kind":"audit","from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z","reason":"Smith v. Acme"}""")).Is(201);
    }

    public async Task CheckAsync(Uri url, string password)
    {
        using var member = Client(url, Member.Name, password);
        using var stranger = Client(url, Stranger.Name, password);
        var app = $"/v2/{Organization}/app";
        Assert.Equal(Latest.Manifest, (await member.ReadAsync($"{app}/manifests/latest")).Is(200).Body);
        Assert.Equal(First.Manifest, (await member.ReadAsync($"{app}/manifests/{First.Digest}")).Is(200).Body);
        Assert.Equal(Index, (await member.ReadAsync($"{app}/manifests/index")).Is(200).Body);
        Assert.Equal(Latest.Layer, (await member.ReadAsync($"{app}/blobs/{Latest.LayerDigest}")).Is(200).Body);
        Assert.Equal(Referrer.Digest.ToString(), (await member.ReadAsync($"{app}/referrers/{Latest.Digest}")).Is(200).Json.GetProperty("manifests")[0].GetProperty("digest").GetString());
        Assert.Equal(["child", "index", "latest"], (await member.ReadAsync($"{app}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
        (await stranger.ReadAsync($"{app}/manifests/latest")).Is(403);
        (await member.ReadAsync($"/v2/{Organization}/deleted/manifests/latest")).Is(403);
    }

    private static HttpClient Client(Uri url, string user, string password)
    {
        var client = new HttpClient { BaseAddress = url };
        var (name, value) = Requests.Basic(user, password);
        client.DefaultRequestHeaders.Add(name, value);
        return client;
    }
}
