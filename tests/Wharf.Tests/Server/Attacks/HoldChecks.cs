using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Attacks;

/// <summary>What is on a legal hold, and those who would rather have it gone.</summary>
internal sealed class HoldChecks(AttackedRegistry registry) : Checks(registry)
{
    [Attack("V04b")]
    public async Task Content_on_hold_is_let_go_by_nobody()
    {
        var (org, mine) = (await Client.CreateOrganizationAsync(), await Client.CreateOrganizationAsync());
        var (first, second) = (await Client.PushImageAsync($"{org}/app", "v1"), await Client.PushImageAsync($"{org}/app", "v1"));
        var id = (await Client.SendJsonAsync("POST", $"/api/v1/organization/{org}/hold", """{"kind":"tag","repository":"app","tag":"v1","reason":"a secret reason"}""")).Is(201).Json.GetProperty("id").GetString();

        foreach (var (method, path, body) in ((string, string, string)[])[
            ("DELETE", $"/api/v1/repository/{org}/app/tag/v1?skipRecoveryPeriod=true", ""), ("POST", $"/api/v1/repository/{org}/app/tag/v1/expire", """{"is_alive":true}"""),
            ("POST", $"/api/v1/repository/{org}/app/tag/v1/expire", $$"""{"manifest_digest":"{{first.Digest}}","include_submanifests":true}"""),
            ("DELETE", $"/api/v1/organization/{org}/hold/{id}", ""), ("DELETE", $"/api/v1/organization/{mine}/hold/{id}", ""), ("DELETE", $"/api/v1/superuser/hold/{id}", "")])
        {
            var answer = body.Length == 0 ? await Client.SendAsync(method, path) : await Client.SendJsonAsync(method, path, body);
            IsOneOf(answer, 403, 404, 409);
            Assert.DoesNotContain("a secret reason", answer.Text, StringComparison.Ordinal);
        }

        // What can be undone: by the digests, the tag, and all of it.
        foreach (var digest in new[] { first.Digest, second.Digest })
            (await Client.SendAsync("DELETE", $"/v2/{org}/app/manifests/{digest}")).Is(202);
        IsOneOf(await Client.SendJsonAsync("POST", $"/api/v1/repository/{org}/app/tag/v1/expire", $$"""{"manifest_digest":"{{second.Digest}}"}"""), 409);
        (await Client.SendAsync("DELETE", $"/api/v1/repository/{org}/app")).Is(204);
        (await Client.SendAsync("POST", $"/api/v1/repository/{org}/app/restore")).Is(200);
        foreach (var digest in new[] { first.Digest, second.Digest })
            (await Client.SendJsonAsync("POST", $"/api/v1/repository/{org}/app/tag/v1/restore", $$"""{"manifest_digest":"{{digest}}"}""")).Is(200);
        (await Client.ReadAsync($"/v2/{org}/app/blobs/{first.LayerDigest}")).Is(200);
    }
}
