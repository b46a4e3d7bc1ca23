/** What is used of S3, loaded when it is: `import()` of the package itself would put all of it into a function's bundle. */
export { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
