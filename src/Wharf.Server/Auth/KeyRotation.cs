using System.Text.Json.Nodes;
using Wharf.Server.Accounts;
using Wharf.Server.Data;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Mail;
using Wharf.Server.OAuth;
using Wharf.Server.Robots;

namespace Wharf.Server.Auth;

/// <summary>
/// <c>wharf keys rotate</c>: 1. a new key joins the ring; 2. one transaction seals everything anew under it; 3. the others leave
/// the ring; 4. a new signing key signs from now on. A crash between any two steps leaves every secret readable; run it again.
/// </summary>
internal sealed class KeyRotation(Database db, KeyRing ring, SigningKeys signing, RegistryTokens tokens, MacKeys macKeys, AccountStore accounts, RobotStore robots, ApplicationStore applications, MailQueue mail, Recoveries recoveries)
{
    public async Task<AdminResult> RunAsync(CancellationToken ct)
    {
        var before = ring.Ids;
        var added = ring.AddKey();
        var count = await db.WriteAsync(async tx => await signing.ResealAsync(tx) + await accounts.ResealAsync(tx) + await macKeys.ResealAsync(tx) + await robots.ResealAsync(tx) + await applications.ResealAsync(tx)
            + await mail.ResealAsync(tx) + await recoveries.ResealAsync(tx), ct);
        foreach (var id in before)
            ring.Retire(id);
        await signing.RotateAsync(ct);
        tokens.Forget();
        return new AdminResult(true, $"{count} secrets are sealed under the new key {added}. Tokens are signed by a new key too; those of the former one stay good until they expire.",
            new JsonObject { ["key"] = added, ["resealed"] = count });
    }
}
