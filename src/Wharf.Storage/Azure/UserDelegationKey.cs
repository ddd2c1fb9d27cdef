namespace Wharf.Storage.Azure;

/// <summary>A key that Azure gives to an identity so that it can sign SAS (learn.microsoft.com, "Get User Delegation Key"). The texts are Azure's own, because they are signed as they are.</summary>
/// <param name="ObjectId">The identity.</param>
/// <param name="TenantId">Its tenant.</param>
/// <param name="Start">From when on it is valid.</param>
/// <param name="Expiry">Until when.</param>
/// <param name="Service">"b", for blobs.</param>
/// <param name="Version">The version of the service that made it.</param>
/// <param name="Value">The key.</param>
internal sealed record UserDelegationKey(string ObjectId, string TenantId, string Start, string Expiry, string Service, string Version, byte[] Value);
